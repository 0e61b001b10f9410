// Talking to the server as somebody who runs it. The key is kept as long as the tab lives.

import { request } from "./completions.js";

const place = "berth.adminKey";
let memory = null;

export function adminKey() {
    if (memory !== null) return memory;
    try {
        return sessionStorage.getItem(place);
    } catch {
        return null;
    }
}

export function setAdminKey(key) {
    memory = key;
    try {
        if (key === null) sessionStorage.removeItem(place);
        else sessionStorage.setItem(place, key);
    } catch {
        // Kept until the page is left, then.
    }
}

/// The answer's JSON; throws a Failure.
export async function admin(method, path, body = undefined) {
    const headers = {};
    const key = adminKey();
    if (key) headers.Authorization = `Bearer ${key}`;
    if (body !== undefined) headers["Content-Type"] = "application/json";
    const response = await request(`/admin/${path}`, {
        method, headers, body: body === undefined ? undefined : JSON.stringify(body),
    });
    return response.status === 204 ? null : response.json();
}

/// A model's name as a part of a path: slashes stay.
export function pathOf(name) {
    return name.split("/").map(encodeURIComponent).join("/");
}
