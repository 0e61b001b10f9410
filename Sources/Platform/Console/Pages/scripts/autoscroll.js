// Follows a growing answer, unless the reader has scrolled up to read; then only a button says that
// there is more.

const nearEnd = 40;

export class Autoscroll {
    #scroller;
    #button;
    #following = true;
    #lastTop = 0;
    #hasAnswers;

    /// - hasAnswers: whether there is anything to follow; else the page stays at its top
    constructor(scroller, button, hasAnswers) {
        this.#scroller = scroller;
        this.#hasAnswers = hasAnswers;
        this.#button = button;
        scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
        button.addEventListener("click", () => this.follow());
        new ResizeObserver(() => this.grew()).observe(scroller);
    }

    /// The content has changed its height.
    grew() {
        if (!this.#hasAnswers()) this.#scroller.scrollTop = 0;
        else if (this.#following) this.#scroller.scrollTop = this.#scroller.scrollHeight;
        this.#showButton();
    }

    /// Goes to the end and stays there.
    follow() {
        this.#following = true;
        this.grew();
    }

    get #distance() {
        const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
        return scrollHeight - scrollTop - clientHeight;
    }

    #scrolled() {
        const top = this.#scroller.scrollTop;
        if (this.#distance < nearEnd) {
            this.#following = true;
        } else if (top < this.#lastTop) {
            // Only a reader moves up: we and new text only ever move down.
            this.#following = false;
        }
        this.#lastTop = top;
        this.#showButton();
    }

    #showButton() {
        this.#button.hidden = !this.#hasAnswers() || this.#following || this.#distance < nearEnd;
    }
}
