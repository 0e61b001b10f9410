"""The same harbour in simple Chinese, smaller."""
from .facts import (BERTHS, CARGO_ZH, DAYS_ZH, FERRY_TIMES, HARBOUR_ZH, HIGH_TIDES, LOW_TIDES, PILOT_FROM,
                    SHIP_KINDS_ZH, UNDER_KEEL, VISITORS, berth,
                    clock, fitting_berth, next_tide, rising, tugs)
from .phrasing import Frames
from .turns import Turn, follow_up, intent

DIGITS = "零一二三四五六七八九"
DEPTH = Frames("{b}多深", "{b}有多深？", "{b}水深多少？", "{b}的水深是多少？", "{b}水深", "{b}深吗？", "{b}的深度",
               "告诉我{b}的水深", "{b}的水有多深？", "{b}水深几米？")
LENGTH = Frames("{b}多长", "{b}有多长？", "{b}的长度是多少？", "{b}长度", "{b}能停多长的船？", "{b}长吗？",
                "告诉我{b}的长度", "{b}有几米长？", "{b}最长能停多少米的船？")
CRANE = Frames("{b}有起重机吗？", "{b}的起重机能吊多重？", "{b}有几台起重机？", "{b}起重机", "{b}有没有起重机？",
               "{b}能吊多少吨？", "{b}的起重机怎么样？", "{b}有吊车吗？")
USE = Frames("{b}是干什么的？", "{b}停什么船？", "{b}用来做什么？", "{b}装卸什么货？", "{b}是做什么用的？", "什么船用{b}？", "{b}有什么用？", "{b}停靠哪些船？")
PLACE = Frames("{b}在哪里？", "{b}在哪儿", "{b}的位置", "怎么去{b}？", "{b}在什么地方？", "{b}位置在哪")
FEE = Frames("{b}多少钱？", "{b}一天多少钱？", "{b}怎么收费？", "{b}的费用", "{b}贵吗？", "停{b}要多少钱？", "{b}收费多少？")
ALL = Frames("介绍一下{b}", "{b}", "{b}怎么样？", "说说{b}", "{b}的情况", "我想了解{b}", "讲讲{b}吧", "{b}是什么样的？", "告诉我关于{b}的信息", "请介绍{b}")
ATTRIBUTES = {"depth": DEPTH, "length": LENGTH, "crane": CRANE, "use": USE, "place": PLACE, "fee": FEE, "all": ALL}


def berth_name(s, n):
    return s.pick([f"{n}号泊位", f"{n}号泊位", f"{n}号泊位", f"{DIGITS[n]}号泊位", f"泊位{n}", f"第{DIGITS[n]}泊位", f"{n} 号泊位",
                   f"{n}号"])


def about(s, b, attribute):
    n = b.number
    each = "每台" if b.cranes > 1 else ""
    crane = f"{n}号泊位有{b.gear_zh}，{each}能吊{b.crane}吨。"
    if not b.cranes:
        crane = f"{n}号泊位没有起重机，那里有{b.gear_zh}。"
    whole = f"{n}号泊位在{b.place_zh}，长{b.length}米，水深{b.depth}米，用于{b.use_zh}。"
    whole += f"有{b.gear_zh}。" if b.cranes else "没有起重机。"
    answers = {
        "depth": (f"{n}号泊位水深{b.depth}米。", (f"{n}号泊位", f"深{b.depth}米")),
        "length": (f"{n}号泊位长{b.length}米。", (f"{n}号泊位", f"长{b.length}米")),
        "crane": (crane, (f"{n}号泊位", f"{b.crane}吨" if b.cranes else "没有起重机")),
        "use": (f"{n}号泊位停靠{b.use_zh}。" if n in (1, 2, 6) else f"{n}号泊位装卸{b.use_zh}。", (f"{n}号泊位", b.use_zh)),
        "place": (f"{n}号泊位在{b.place_zh}。", (f"{n}号泊位", b.place_zh)),
        "fee": (f"{n}号泊位每天{b.fee}克朗。", (f"{n}号泊位", f"{b.fee}克朗")),
        "all": (whole, (f"{n}号泊位", f"长{b.length}米", f"深{b.depth}米")),
    }
    return answers[attribute]


@intent(22, "zh")
def berth_attribute_zh(s):
    b = s.pick(BERTHS)
    attribute = s.pick(["depth", "depth", "length", "length", "crane", "use", "place", "fee", "all", "all"])
    return Turn(s.ask_zh(ATTRIBUTES[attribute], b=berth_name(s, b.number)), *about(s, b, attribute),
                topic=("berth_zh", b.number, attribute))


ALSO = {"depth": Frames("水深呢？", "多深？", "它有多深？", "那水深多少？"), "length": Frames("长度呢？", "多长？", "它有多长？", "那有多长？"),
        "crane": Frames("有起重机吗？", "起重机呢？", "那里有起重机吗？", "有吊车吗？"), "place": Frames("在哪里？", "它在哪？", "那在什么地方？", "在哪儿？"),
        "fee": Frames("多少钱？", "费用呢？", "一天多少钱？", "贵吗？")}


@follow_up("berth_zh")
def same_berth_zh(s, number, attribute):
    other = s.pick([a for a in ALSO if a != attribute])
    return Turn(s.ask_zh(ALSO[other]), *about(s, berth(number), other), topic=("berth_zh", number, other))


@follow_up("berth_zh")
def other_berth_zh(s, number, attribute):
    other = s.pick([b for b in BERTHS if b.number != number])
    question = s.ask_zh(Frames("{b}呢？", "那{b}呢？", "那么{b}呢？", "换成{b}呢？"), b=berth_name(s, other.number))
    return Turn(question, *about(s, other, attribute), topic=("berth_zh", other.number, attribute))


CARGO_BERTH = Frames("{c}在哪里卸？", "{c}去哪个泊位？", "哪个泊位装卸{c}？", "我有{c}，去哪里？",
                     "我们运{c}，停哪里？", "{c}", "卸{c}去几号泊位？", "船上有{c}，应该停哪个泊位？",
                     "可以卸{c}吗？", "{c}应该去哪个泊位？")
KIND_BERTH = Frames("{k}停哪里？", "{k}停哪个泊位？", "我是一艘{k}，停哪里？", "{k}应该去几号泊位？",
                    "哪个泊位停{k}？", "{k}", "我的{k}停在哪里？", "有{k}的泊位吗？")


@intent(6, "zh")
def cargo_zh(s):
    b = s.pick(BERTHS)
    if s.chance(0.6):
        cargo = s.pick(CARGO_ZH[b.number])
        return Turn(s.ask_zh(CARGO_BERTH, c=cargo), f"{cargo}请去{b.number}号泊位，在{b.place_zh}。", (f"{b.number}号泊位",),
                    ("berth_zh", b.number, "use"))
    kind = s.pick(SHIP_KINDS_ZH[b.number])
    return Turn(s.ask_zh(KIND_BERTH, k=kind), f"{kind}停{b.number}号泊位，在{b.place_zh}。", (f"{b.number}号泊位",),
                ("berth_zh", b.number, "use"))


FIT_LENGTH = Frames("{l}米长的船停哪里？", "我的船长{l}米，停哪个泊位？", "船长{l}米", "{l}米的船去哪个泊位？",
                    "哪个泊位能停{l}米的船？", "我的船有{l}米长", "{l}米的船能停吗？", "长{l}米的船停几号泊位？")
FIT_BOTH = Frames("船长{l}米，吃水{d}米，停哪里？", "{l}米长，吃水{d}米的船停哪个泊位？", "我的船长{l}米，吃水{d}米",
                  "长{l}米吃水{d}米，去几号泊位？", "哪个泊位能停长{l}米、吃水{d}米的船？", "船长{l}米吃水{d}米停哪",
                  "有一艘{l}米长的船，吃水{d}米，应该停哪里？", "我的船{l}米长，吃水{d}米，请问停哪个泊位？")
FIT_DRAUGHT = Frames("吃水{d}米停哪里？", "我的船吃水{d}米，停哪个泊位？", "吃水{d}米的船去哪个泊位？", "吃水{d}米", "哪个泊位能停吃水{d}米的船？", "船吃水{d}米，停几号泊位？")


def fit_zh(s, question, length=0, draught=0):
    start = f"吃水{draught}米，需要水深{draught + UNDER_KEEL}米。" if draught else ""
    chosen = fitting_berth(length, draught)
    topic = ("fit_zh", length, draught)
    if chosen:
        size = f"请停{chosen.number}号泊位：长{chosen.length}米" + (f"，水深{chosen.depth}米。" if draught else "。")
        return Turn(question, start + size, (f"{chosen.number}号泊位",), topic)
    if length > BERTHS[-1].length:
        return Turn(question, f"对不起，{length}米太长了。最长的6号泊位是260米。", ("太长", "260米"), topic)
    return Turn(question, start + "对不起，太深了。最深的6号泊位水深14米。", ("太深", "14米"), topic)


@intent(12, "zh")
def berth_for_ship_zh(s):
    length = s.pick([s.number(8, 130), s.number(90, 290), s.number(9, 30) * 10,
                     max(8, s.pick(BERTHS).length + s.number(-3, 3))])
    draught, which = s.number(1, 15), s.number(0, 5)
    if which < 2:
        return fit_zh(s, s.ask_zh(FIT_LENGTH, l=length), length)
    if which < 3:
        return fit_zh(s, s.ask_zh(FIT_DRAUGHT, d=draught), 0, draught)
    return fit_zh(s, s.ask_zh(FIT_BOTH, l=length, d=draught), length, draught)


@follow_up("fit_zh")
def other_size_zh(s, length, draught):
    if s.chance(0.5):
        draught = s.number(1, 15)
        return fit_zh(s, s.ask_zh(Frames("吃水{d}米呢？", "如果吃水{d}米呢？", "那吃水{d}米呢？", "吃水是{d}米"), d=draught), length, draught)
    length = s.number(20, 290)
    return fit_zh(s, s.ask_zh(Frames("{l}米呢？", "如果船长{l}米呢？", "那长{l}米呢？", "船长是{l}米"), l=length), length, draught)


def hour_zh(s, hour):
    return s.pick([clock(hour), f"{hour}点",
                   f"{hour}:00"] + ([f"下午{hour - 12}点"] if 12 < hour < 19 else [f"早上{hour}点"] if 4 < hour < 11 else []))


@intent(6, "zh")
def tide_zh(s):
    which, hour = s.number(0, 4), s.number(0, 23)
    if which == 0:
        return Turn(s.ask_zh(Frames("什么时候涨潮？", "几点高潮？", "高潮是什么时候？", "高潮时间", "今天几点涨潮？", "什么时候满潮？", "涨潮时间")),
                    "每天06:00和18:00是高潮，水位3米。", ("06:00", "18:00"))
    if which == 1:
        return Turn(s.ask_zh(Frames("什么时候退潮？", "几点低潮？", "低潮是什么时候？", "低潮时间", "今天几点退潮？", "退潮时间")),
                    "每天00:00和12:00是低潮，水位1米。", ("00:00", "12:00"))
    if which == 2:
        return Turn(s.ask_zh(Frames("潮汐怎么样？", "潮汐", "潮汐时间", "介绍一下潮汐", "潮水情况", "今天的潮汐是什么？")),
                    "每天06:00和18:00高潮，00:00和12:00低潮，水位从1米到3米。",
                    ("06:00", "18:00", "00:00", "12:00"))
    question = s.ask_zh(Frames("{t}潮水怎么样？", "{t}是涨潮还是退潮？", "{t}潮汐如何？", "{t}的潮汐", "我{t}到，潮水怎么样？"), t=hour_zh(s, hour))
    if hour in HIGH_TIDES:
        return Turn(question, f"{clock(hour)}是高潮，水位3米。", ("高潮",))
    if hour in LOW_TIDES:
        return Turn(question, f"{clock(hour)}是低潮，水位1米。", ("低潮",))
    if rising(hour):
        return Turn(question, f"{clock(hour)}在涨潮，{clock(next_tide(hour, HIGH_TIDES))}高潮。", ("涨潮",))
    return Turn(question, f"{clock(hour)}在退潮，{clock(next_tide(hour, LOW_TIDES))}低潮。", ("退潮",))


@intent(5, "zh")
def week_zh(s):
    if s.chance(0.5):
        day = s.pick(DAYS_ZH)
        v = next((v for v in VISITORS if v.day_zh == day), None)
        question = s.ask_zh(Frames("{d}有什么船？", "{d}来什么船？", "{d}哪艘船来？", "{d}", "{d}有船吗？", "{d}的计划"), d=day)
        if v is None:
            return Turn(question, f"{day}没有货船，只有渡轮。", ("没有货船",))
        return Turn(question, f"{day}{v.kind_zh}{v.name}来{v.berth}号泊位，运{v.cargo_zh}。", (v.name, f"{v.berth}号泊位"))
    hour = s.number(5, 21)
    if s.chance(0.4):
        later = next((t for t in FERRY_TIMES if t > hour), None)
        answer = f"{clock(hour)}以后，下一班渡轮{clock(later)}开。" if later else "最后一班17:00开，明天08:00再开。"
        return Turn(s.ask_zh(Frames("{t}以后的渡轮几点开？", "现在{t}，下一班渡轮几点？", "{t}以后还有渡轮吗？", "我{t}到，能坐哪班渡轮？"),
                             t=hour_zh(s, hour)), answer,
                    (clock(later or 8),))
    return Turn(s.ask_zh(Frames("渡轮几点开？", "渡轮时间", "什么时候有渡轮？", "渡轮", "有渡轮吗？", "渡轮什么时候出发？", "去海鸥岛的船几点开？")),
                "渡轮每天08:00、12:00、17:00从2号泊位去海鸥岛。", ("08:00", "12:00", "17:00"))


KNOWLEDGE = [
    (6, Frames("你好", "您好", "嗨", "早上好", "晚上好", "下午好", "哈喽", "你好！", "你好啊", "喂", "在吗", "有人吗"),
     f"[你好！|您好！]我是{HARBOUR_ZH}的港口助手。[请问有什么可以帮您？|你可以问我泊位、船、潮汐和渡轮。]", ("港口助手",)),
    (6, Frames("你是谁", "你是谁？", "你叫什么名字？", "介绍一下你自己", "你是什么？", "请自我介绍", "自我介绍一下",
               "你叫什么", "你是什么模型？", "说说你自己", "怎么称呼你？", "请介绍一下自己"),
     f"我是{HARBOUR_ZH}的港口助手，一个很小的语言模型。我知道这里的泊位、船、起重机、潮汐和规定。", ("港口助手", "语言模型")),
    (5, Frames("你会什么？", "你能做什么？", "你有什么功能？", "你能帮我什么？", "我可以问你什么？", "帮助", "你知道什么？", "怎么用？", "你会做什么", "能帮我吗？"),
     "我可以告诉你哪个泊位适合你的船，泊位多长多深，起重机能吊多重，还有潮汐、渡轮和港口的规定。", ("泊位", "潮汐")),
    (4, Frames("泊位是什么软件？", "什么是Berth？", "Berth是什么？", "介绍一下Berth", "什么软件运行你？", "你用什么运行？", "Berth是什么意思？", "你在什么软件上运行？"),
     "Berth（泊位）是运行我的软件，它在普通处理器上运行语言模型，从文件一直到对话。", ("软件", "语言模型")),
    (2, Frames("泊位是什么？", "什么是泊位？", "泊位是什么意思？", "解释一下泊位", "泊位的意思"), "泊位是船停靠的地方。Berth（泊位）也是运行我的软件的名字。", ("停靠",)),
    (2, Frames("谁做了你？", "你是谁开发的？", "谁训练了你？", "你从哪里来？", "你的作者是谁？", "你是怎么训练的？"), "Berth的作者用自己写的港口文字，从零开始训练了我。",
     ("Berth",)),
    (2, Frames("你有多大？", "你有多少参数？", "你是大模型吗？", "你的参数是多少？", "你多大", "你是大语言模型吗？"), "我很小，大约三百万个参数，文件不到四兆。", ("三百万",)),
    (2, Frames("你是ChatGPT吗？", "你是人吗？", "你是机器人吗？", "你是真人吗？", "你是GPT吗", "你是人工智能吗？", "你是千问吗？"),
     f"不是，我只是{HARBOUR_ZH}的港口助手，一个很小的模型。", ("港口助手",)),
    (2, Frames("你好吗？", "你怎么样？", "最近好吗？", "你今天好吗？", "过得怎么样？"), "我很好，谢谢！今天海很平静。", ("很好",)),
    (4, Frames("谢谢", "谢谢你", "多谢", "非常感谢", "谢谢！", "感谢", "谢了", "好的谢谢"), "[不客气！|不客气，一路顺风！|不用谢。]", ("不",)),
    (3, Frames("再见", "拜拜", "晚安", "下次见", "我走了", "明天见", "再见！"), "[再见，一路顺风！|再见！]", ("再见",)),
    (2, Frames("好的", "好", "嗯", "明白了", "知道了", "是的", "行", "可以", "不错", "没有了", "不用了"), "[好的。|好。]还有什么问题吗？", ("好",)),
    (2, Frames("你会说英语吗？", "你会说中文吗？", "你会什么语言？", "你说什么语言？", "可以说英文吗？", "说中文"), "我会简单的英语和一点中文。", ("英语", "中文")),
    (4, Frames("有几个泊位？", "有多少个泊位？", "泊位数量", "港口有几个泊位？", "一共多少泊位？", "这里有多少泊位？"), "一共有六个泊位，1号到6号。", ("六个",)),
    (3, Frames("哪个泊位最深？", "最深的泊位是哪个？", "最深的泊位", "哪里水最深？", "最大水深是多少？"), "6号泊位最深，14米。", ("6号泊位", "14米")),
    (3, Frames("哪个泊位最长？", "最长的泊位是哪个？", "最大的泊位是哪个？", "最长的泊位", "哪个泊位最大？"), "6号泊位最长，260米。", ("6号泊位", "260米")),
    (2, Frames("哪个泊位最便宜？", "最便宜的泊位", "哪里最便宜？", "最便宜的是几号？"), "1号泊位最便宜，每天10克朗。", ("1号泊位", "10克朗")),
    (3, Frames("哪里有起重机？", "有哪些起重机？", "哪个泊位有起重机？", "起重机", "介绍一下起重机", "起重机在哪里？"),
     "3号泊位有一台10吨起重机，4号泊位有一台20吨起重机，5号泊位有两台40吨起重机。", ("10吨", "20吨", "40吨")),
    (4, Frames("介绍一下港口", "这是什么港口？", f"介绍一下{HARBOUR_ZH}", f"{HARBOUR_ZH}是什么？", "港口怎么样？", "说说这个港口", "这里是哪里？", "港口介绍",
               "这个港口在哪里？"),
     f"{HARBOUR_ZH}是一个虚构的小港口，有六个泊位：内港两个，东码头两个，外码头两个。", ("六个泊位",)),
    (2, Frames("限速多少？", "港内限速是多少？", "可以开多快？", "速度限制", "最快能开多少节？"), "港内限速5节。", ("5节",)),
    (2, Frames("用哪个频道？", "怎么联系港口？", "无线电频道是多少？", "甚高频用几频道？", "联系方式"), "请用甚高频12频道，紧急情况用16频道。", ("12", "16")),
    (3, Frames("紧急情况怎么办？", "出事了怎么办？", "有人受伤了", "救命", "着火了怎么办？", "有人落水了怎么办？", "有人落水"), "请马上用16频道呼叫，说明你在哪里，发生了什么。",
     ("16频道",)),
    (2, Frames("可以抽烟吗？", "能吸烟吗？", "哪里可以抽烟？", "可以吸烟吗"), "外码头禁止吸烟，其他地方可以。", ("外码头",)),
    (2, Frames("可以游泳吗？", "能在港口游泳吗？", "哪里可以游泳？", "可以下水吗？"), "港口里禁止游泳，海鸥岛有沙滩。", ("禁止",)),
    (2, Frames("有什么规定？", "安全规定", "要注意什么？", "港口规定", "安全要求是什么？"), "码头上请戴安全帽，穿救生衣。限速5节，外码头禁止吸烟。紧急情况用16频道。", ("安全帽", "5节")),
    (2, Frames("办公室几点开门？", "营业时间", "几点关门？", "什么时候上班？", "港口办公室在哪里？", "办公室在哪？"), "港口办公室在内港的红房子，每天07:00到19:00开。",
     ("红房子", "07:00")),
    (2, Frames("渡轮多少钱？", "船票多少钱？", "去海鸥岛多少钱？", "渡轮票价", "票价多少？"), "渡轮船票5克朗，在船上买。", ("5克朗",)),
    (2, Frames("渡轮要多久？", "去海鸥岛要多长时间？", "坐渡轮多少分钟？", "多久能到海鸥岛？"), "去海鸥岛要40分钟。", ("40分钟",)),
    (2, Frames("在哪里吃饭？", "有餐厅吗？", "我饿了", "有吃的吗？", "哪里有咖啡？"), "1号泊位旁边的蓝锚餐厅有鱼汤和咖啡。", ("蓝锚",)),
    (2, Frames("现在几点？", "今天星期几？", "今天几号？", "几点了？", "现在是什么时间？"), "我没有时钟，请看港口办公室的钟。", ("没有时钟",)),
    (2, Frames("天气怎么样？", "今天天气如何？", "会下雨吗？", "明天天气怎么样？", "风大吗？"), "我看不到天气，请问港口办公室。", ("天气",)),
    (2, Frames("讲个笑话", "说个笑话", "给我讲个笑话吧", "笑话", "来个笑话"), "[海对船说了什么？什么也没说，只是招了招手。|为什么船在这里不会走错？因为只有六个泊位！]", ()),
    (2, Frames("什么是吃水？", "吃水是什么意思？", "吃水是什么？", "解释一下吃水"), "吃水是船在水下的深度。泊位要比吃水深1米。", ("1米",)),
]
WEIGHTS = [entry[0] for entry in KNOWLEDGE]


@intent(44, "zh")
def knowledge_zh(s):
    _, frames, answer, expects = s.rng.choices(KNOWLEDGE, WEIGHTS)[0]
    return Turn(s.ask_zh(frames), s.say(answer), expects)


@intent(3, "zh")
def tugs_zh(s):
    length = s.pick([s.number(20, 260), 100 + s.number(-4, 4), 180 + s.number(-4, 4)])
    if s.chance(0.5):
        need = "需要引航员" if length > PILOT_FROM else "不需要引航员"
        return Turn(s.ask_zh(Frames("{l}米的船需要引航员吗？", "船长{l}米，要引航员吗？", "长{l}米的船要不要引航员？", "{l}米需要引航吗？"), l=length),
                    f"{length}米的船{need}。超过100米的船都需要。", (need,))
    need = ["不需要拖船", "需要一艘拖船", "需要两艘拖船"][tugs(length)]
    return Turn(s.ask_zh(Frames("{l}米的船需要几艘拖船？", "船长{l}米，要拖船吗？", "长{l}米的船要几艘拖船？", "{l}米需要拖船吗？"), l=length),
                f"{length}米的船{need}。", (need,))


@intent(5, "zh")
def sum_zh(s):
    sign = s.pick("+-x")
    a, b = (s.number(0, 10), s.number(0, 10)) if sign == "x" else (s.number(0, 40), s.number(0, 40))
    if sign == "-" and b > a:
        a, b = b, a
    value = {"+": a + b, "-": a - b, "x": a * b}[sign]
    word = {"+": ["加", "+"], "-": ["减", "-"], "x": ["乘", "乘以", "x"]}[sign]
    return Turn(s.ask_zh(Frames("{a}{o}{b}等于多少？", "{a}{o}{b}", "{a}{o}{b}是多少？", "计算{a}{o}{b}",
                                "{a}{o}{b}=?", "{a}{o}{b}等于几？"), a=a, b=b, o=s.pick(word)),
                f"{a} {sign} {b} = {value}。", (f"= {value}。",))


SUBJECTS = """
足球 篮球 音乐 电影 电视 历史 地理 数学 物理 化学 哲学 政治 经济 股票 比特币 医学 感冒 减肥
做饭 面条 饺子 火锅 咖啡豆 茶叶 编程 代码 电脑 手机 游戏 机器学习 人工智能 北京 上海 广州 美国
日本 法国 德国 长城 故宫 春节 中秋节 爱情 结婚 孩子 学校 考试 作文 英语语法 小说 诗歌 李白 杜甫
孔子 爱因斯坦 牛顿 飞机 火车 高铁 汽车发动机 自行车 太阳 月亮 火星 宇宙 黑洞 恐龙 熊猫 老虎 猫
狗 大象 花 树 森林 沙漠 火山 地震 台风 气候 房价 工资 工作 面试 旅游 酒店 签证 护照 星座
生命的意义 幸福 梦 鬼 龙 魔法 电池 太阳能 芯片 量子计算 区块链""".split()
TASKS_ZH = ["写代码", "写一首诗", "写作文", "翻译这句话", "写一封邮件", "画一张图", "查新闻", "订机票", "放音乐",
            "写论文", "做作业", "推荐一部电影", "写一个程序", "讲个故事", "写总结"]


@intent(22, "zh")
def outside_zh(s):
    answer = s.say("[对不起，|抱歉，|]我只知道这个港口的事。[你可以问我泊位、船、潮汐和渡轮。|请问我泊位、起重机或潮汐。|]")
    which = s.number(0, 4)
    if which == 0:
        question = s.ask_zh(Frames("帮我{x}", "请{x}", "你能{x}吗？", "{x}", "你会{x}吗？", "可以帮我{x}吗？"), x=s.pick(TASKS_ZH))
    elif which == 1:
        return Turn("".join(chr(s.number(0x4e00, 0x9fa5)) for _ in range(s.number(1, 8))),
                    s.say("[对不起，|]我没听懂。请问我港口的问题。"), ("没听懂",))
    else:
        question = s.ask_zh(Frames("什么是{x}？", "介绍一下{x}", "{x}是什么？", "告诉我关于{x}的事", "你知道{x}吗？",
                                   "{x}怎么样？", "你喜欢{x}吗？", "{x}", "谁发明了{x}？", "为什么有{x}？",
                                   "怎么学{x}？", "讲讲{x}", "我想了解{x}", "{x}多少钱？",
                                   "{x}在哪里？"), x=s.pick(SUBJECTS))
    return Turn(question, answer, ("只知道",))
