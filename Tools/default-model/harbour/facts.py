"""What is true in Ternhaven. Every answer is computed from this file, so every answer can be checked."""
from dataclasses import dataclass

HARBOUR = "Ternhaven"
HARBOUR_ZH = "燕鸥港"
HARBOUR_MASTER = "Mara Lindqvist"
UNDER_KEEL = 1  # metres of water to spare under a ship


@dataclass(frozen=True)
class Berth:
    number: int
    length: int  # metres of quay
    depth: int  # metres of water at low tide
    use: str
    use_zh: str
    crane: int  # tonnes a crane lifts, 0 without a crane
    cranes: int
    gear: str  # what stands there
    gear_zh: str
    place: str
    place_zh: str
    fee: int  # crowns a day


BERTHS = [
    Berth(1, 60, 4, "fishing boats", "渔船", 0, 0, "an ice house", "冰库",
          "in the inner basin", "内港", 10),
    Berth(2, 90, 5, "the ferry", "渡轮", 0, 0, "a ramp", "坡道",
          "in the inner basin", "内港", 20),
    Berth(3, 120, 7, "timber and general cargo", "木材和杂货", 10, 1, "one crane", "一台起重机",
          "on the east quay", "东码头", 30),
    Berth(4, 160, 9, "grain and other bulk cargo", "粮食和散货", 20, 1, "one crane", "一台起重机",
          "on the east quay", "东码头", 40),
    Berth(5, 220, 12, "containers", "集装箱", 40, 2, "two cranes", "两台起重机",
          "on the outer pier", "外码头", 50),
    Berth(6, 260, 14, "tankers", "油轮", 0, 0, "loading arms", "输油臂",
          "on the outer pier", "外码头", 60),
]


def berth(number):
    return BERTHS[number - 1]


def fitting_berth(length=0, draught=0):
    """The smallest berth that takes the ship, or None."""
    for candidate in BERTHS:
        if candidate.length >= length and candidate.depth >= draught + UNDER_KEEL:
            return candidate
    return None


# Cargo, by the berth that handles it.
CARGO = {
    1: ["fish", "crabs", "shrimp", "herring", "cod", "lobsters", "mussels"],
    2: ["passengers", "people", "cars", "bicycles", "tourists", "mail"],
    3: ["timber", "wood", "steel", "paper", "machines", "bricks", "general cargo", "pipes", "furniture"],
    4: ["grain", "wheat", "corn", "sand", "coal", "salt", "gravel", "fertilizer", "bulk cargo"],
    5: ["containers", "boxes", "container cargo", "refrigerated containers", "electronics"],
    6: ["oil", "fuel", "diesel", "petrol", "gas", "chemicals"],
}
CARGO_ZH = {
    1: ["鱼", "虾", "螃蟹", "海鲜"],
    2: ["旅客", "乘客", "汽车", "自行车"],
    3: ["木材", "钢材", "纸", "机器", "杂货"],
    4: ["粮食", "小麦", "玉米", "沙子", "煤", "盐"],
    5: ["集装箱", "货柜"],
    6: ["石油", "燃油", "柴油", "汽油", "天然气"],
}
SHIP_KINDS = {
    1: ["fishing boat", "trawler", "small fishing boat"],
    2: ["ferry", "passenger boat", "car ferry"],
    3: ["timber ship", "coaster", "general cargo ship"],
    4: ["grain ship", "bulk carrier", "bulker"],
    5: ["container ship", "box ship"],
    6: ["tanker", "oil tanker", "gas tanker"],
}
SHIP_KINDS_ZH = {1: ["渔船"], 2: ["渡轮", "客船"], 3: ["木材船", "杂货船"],
                 4: ["散货船", "运粮船"], 5: ["集装箱船"], 6: ["油轮"]}

# Tides are the same every day: this is a fictional sea.
HIGH_TIDES, HIGH_WATER = (6, 18), 3
LOW_TIDES, LOW_WATER = (0, 12), 1
TIDE_HEIGHT = {0: 1, 3: 2, 6: 3, 9: 2, 12: 1, 15: 2, 18: 3, 21: 2}


def rising(hour):
    return hour % 12 < 6


def next_tide(hour, times):
    return next((t for t in sorted(times) if t > hour), min(times))


def clock(hour):
    return f"{hour % 24:02d}:00"


# Ships that come every week.
@dataclass(frozen=True)
class Visitor:
    name: str
    kind: str
    kind_zh: str
    day: str
    day_zh: str
    berth: int
    cargo: str
    cargo_zh: str
    crew: int


VISITORS = [
    Visitor("Kestrel", "container ship", "集装箱船", "Monday", "星期一", 5, "containers", "集装箱", 18),
    Visitor("Amber", "grain ship", "运粮船", "Wednesday", "星期三", 4, "grain", "粮食", 14),
    Visitor("Juniper", "timber ship", "木材船", "Friday", "星期五", 3, "timber", "木材", 9),
    Visitor("Petrel", "tanker", "油轮", "Saturday", "星期六", 6, "oil", "石油", 20),
]
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
DAYS_ZH = ["星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期日"]

FERRY, FERRY_ZH = "Marigold", "金盏花号"
FERRY_TO, FERRY_TO_ZH = "Gull Island", "海鸥岛"
FERRY_TIMES = (8, 12, 17)
FERRY_MINUTES, FERRY_PRICE = 40, 5

SPEED_LIMIT = 5  # knots
RADIO, EMERGENCY_RADIO = 12, 16
WIND_LIMIT = 15  # metres a second
PILOT_FROM = 100  # metres of ship
OFFICE_OPENS, OFFICE_CLOSES = 7, 19


def tugs(length):
    """How many tugs a ship of this length takes."""
    return 0 if length <= 100 else 1 if length <= 180 else 2
