// One turn on the page: the question, and the answer as far as it has come.

import { isOver } from "./answer.js";
import { answerFacts } from "./answer-facts.js";
import { copyButton } from "./clipboard.js";
import { fitHeight, sends } from "./composer.js";
import { element, icon } from "./dom.js";
import { MarkdownView } from "./markdown-view.js";
import { failureNotice, plainNotice } from "./notice.js";
import { splitReasoning } from "./reasoning.js";
import { text } from "./texts.js";

export class TurnView {
    element = element("li", { class: "turn" });
    #turn;
    #actions;
    #question = element("div", { class: "question" });
    #thoughts;
    #thoughtsText = element("div", { class: "prose" });
    #said = element("div", { class: "said prose" });
    #busy = element("span");
    #swell = element("p", { class: "swell" }, icon("swell"), this.#busy);
    #end = element("div", { class: "end" });
    #markdown = new MarkdownView(this.#said);
    #thoughtsMarkdown = new MarkdownView(this.#thoughtsText);
    #shown = {};

    /// - actions: again(), askInstead(question), newChat(), showSetting(name), editing(isOpen)
    constructor(turn, actions) {
        this.#turn = turn;
        this.#actions = actions;
        this.#thoughts = element(
            "details", { class: "thoughts" }, element("summary", {}, text("thought")), this.#thoughtsText);
        this.element.append(
            this.#question,
            element(
                "div", { class: "answer" },
                element("h2", { class: "visually-hidden" }, turn.answer.model || text("model")),
                this.#thoughts, this.#said, this.#swell, this.#end));
        this.#showQuestion();
    }

    /// - isLast: whether this is the last turn, which can be edited and asked again
    update({ isLast, language }) {
        const { answer } = this.#turn;
        const parts = splitReasoning(answer.text, !isOver(answer));
        const reasoning = [answer.reasoning.trim(), parts.reasoning].filter(Boolean).join("\n\n");
        const over = isOver(answer);
        this.element.dataset.status = answer.status;
        this.#showOnce("said", parts.said, (said) => this.#markdown.show(said));
        this.#showOnce("reasoning", reasoning, (thoughts) => this.#thoughtsMarkdown.show(thoughts));
        this.#thoughts.hidden = reasoning === "" && !parts.thinking;
        this.#busy.textContent = text(reasoning === "" && !parts.thinking ? "waiting" : "thinking");
        this.#swell.hidden = over || parts.said !== "";
        this.#showOnce("isLast", `${isLast} ${language} ${over}`, () => this.#showQuestion(isLast && over));
        // While the answer grows nothing below it changes, so nothing there loses the focus.
        this.#showOnce("end", over ? `${isLast} ${language} ${answer.status}` : "", (state) => {
            this.#end.replaceChildren(...(state === "" ? [] : this.#ending(isLast, parts.said)));
        });
    }

    #showOnce(name, value, show) {
        if (this.#shown[name] === value) return;
        this.#shown[name] = value;
        show(value);
    }

    #showQuestion(canEdit = false) {
        const parts = [
            element("h2", { class: "visually-hidden" }, text("you")),
            element("p", { class: "asked" }, this.#turn.question),
        ];
        if (canEdit) {
            const button = element(
                "button", { type: "button", class: "quiet edit" }, icon("edit"), element("span", {}, text("edit")));
            button.addEventListener("click", () => this.edit());
            parts.push(button);
        }
        this.#question.replaceChildren(...parts);
    }

    /// Lets the reader change the question and ask it instead.
    edit() {
        const area = element("textarea", { class: "box", rows: "1", "aria-label": text("editQuestion") });
        const cancel = element("button", { type: "button", class: "button" }, text("cancel"));
        const send = element("button", { type: "submit", class: "button primary" }, text("sendEdited"));
        const form = element(
            "form", { class: "editing" }, area, element("div", { class: "buttons" }, cancel, send));
        const close = () => {
            this.#showQuestion(true);
            this.#actions.editingEnded();
        };
        cancel.addEventListener("click", close);
        area.addEventListener("input", () => fitHeight(area));
        area.addEventListener("keydown", (event) => {
            if (event.key === "Escape" && !event.isComposing) {
                event.stopPropagation();
                close();
            } else if (sends(event)) {
                event.preventDefault();
                form.requestSubmit();
            }
        });
        form.addEventListener("submit", (event) => {
            event.preventDefault();
            const question = area.value.trim();
            if (question !== "" && this.#actions.askInstead(question)) this.#actions.editingEnded();
        });
        area.value = this.#turn.question;
        this.#question.replaceChildren(form);
        fitHeight(area);
        area.focus();
        area.setSelectionRange(area.value.length, area.value.length);
    }

    #ending(isLast, said) {
        const { answer } = this.#turn;
        const notice = this.#notice();
        const failed = answer.status === "failed";
        const bar = [answerFacts(answer)];
        if (said !== "") bar.push(copyButton(() => said));
        if (isLast && !failed) bar.push(this.#againButton());
        return [notice, element("div", { class: "facts" }, ...bar.filter(Boolean))].filter(Boolean);
    }

    #notice() {
        const { answer } = this.#turn;
        if (answer.status === "failed") return failureNotice(answer.failure, this.#actions);
        if (answer.status === "stopped") return plainNotice(text("stopped"));
        if (answer.finishReason === "length") return plainNotice(text("cutAtLength"));
        return null;
    }

    #againButton() {
        const button = element(
            "button", { type: "button", class: "quiet again" }, icon("again"), element("span", {}, text("again")));
        button.addEventListener("click", () => this.#actions.again());
        return button;
    }
}
