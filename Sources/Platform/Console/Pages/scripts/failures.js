// Why there is no answer: one kind of error with a kind that the texts know (`failure.<kind>`).

export class Failure extends Error {
    /// `message` is the server's own words, or empty; `field` the request's field at fault.
    constructor(kind, { message = "", field = null } = {}) {
        super(message);
        this.kind = kind;
        this.field = field;
    }

    /// What is kept with the conversation.
    get record() {
        return { kind: this.kind, message: this.message, field: this.field };
    }
}

/// The failure behind an answer with an error status.
export async function failureOf(response) {
    let error = {};
    try {
        error = (await response.json()).error ?? {};
    } catch {
        // A proxy's page of HTML, perhaps: the status has to do.
    }
    return failureOfError(error, response.status);
}

/// The failure behind OpenAI's error object; `status` is 0 inside a stream.
export function failureOfError(error, status) {
    const message = typeof error?.message === "string" ? error.message : "";
    const field = typeof error?.param === "string" ? error.param : null;
    return new Failure(kindOf(error?.code, status), { message, field });
}

function kindOf(code, status) {
    if (code === "context_length_exceeded") return "contextFull";
    if (code === "model_not_found") return "modelGone";
    if (code === "shutting_down") return "shuttingDown";
    if (status === 413) return "tooLarge";
    if (status === 429 || status === 503 || code === "overloaded") return "busy";
    if (status === 401 || status === 403) return "forbidden";
    if (status === 404) return "modelGone";
    if (status >= 400 && status < 500) return "refused";
    return "server";
}
