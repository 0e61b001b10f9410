// What the empty page offers to ask: for the embedded model questions that it was trained to answer, for any
// other model questions that need no particular knowledge.

const harbour = {
    model: "berth-harbour",
    welcome: "welcomeHarbour",
    questions: {
        en: [
            "Which berth for a ship of 150 m with 7 m draught?",
            "When is high tide?",
            "Where does a tanker go?",
        ],
        zh: ["船长150米，吃水7米，停哪里？", "什么时候涨潮？", "渡轮几点开？"],
    },
};

const general = {
    welcome: "welcomeModel",
    questions: {
        en: [
            "Explain what a berth is, in two sentences.",
            "Write a short, friendly note that a delivery will be two days late.",
            "Give me a table of three ropes and what each is good for.",
        ],
        zh: [
            "用两句话解释什么是泊位。",
            "写一条简短友好的通知：货物要晚到两天。",
            "用表格列出三种绳子和各自的用途。",
        ],
    },
};

/// What to welcome with while a model is chosen.
export function welcomeFor(model) {
    return model === harbour.model ? harbour : general;
}
