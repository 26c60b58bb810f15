import { call, enc, newId, page, Refused, Unreachable, V1 } from "../../app/api.js";
import { ROOT } from "../../app/connection.js";

const at = (rest = "") => `${V1}/files${rest}`;

export const files = {
  list: (name, after) => call("GET", at(`${page(50, after)}${name ? `&name=${enc(name)}` : ""}`)),
  several: (ids) => call("GET", at(`?${ids.map((id) => `ids=${enc(id)}`).join("&")}`)),
  find: (id) => call("GET", at(`/${enc(id)}?wait=20`)),
  search: (query, id) => call("GET", at(`/search?query=${enc(query)}&limit=20${id ? `&ids=${enc(id)}` : ""}`)),
  text: (id, place) => call("GET", at(`/${enc(id)}/text?${new URLSearchParams(Object.entries(place).filter(([, value]) => value != null))}`)),
  storage: () => call("GET", at("/storage")),
  rename: (id, name) => call("PATCH", at(`/${enc(id)}`), { name }),
  remove: (id) => call("DELETE", at(`/${enc(id)}`)),
  contentOf: (id, inline = false) => new URL(at(`/${enc(id)}/content${inline ? "?inline=true" : ""}`), ROOT).href,
};

/** Sends a file; `onProgress` hears how much of it is there, from 0 to 1. */
export function upload(file, { onProgress = () => {}, aborted } = {}) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", new URL(at(`?name=${enc(file.name || "file")}`), ROOT));
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("Idempotency-Key", newId());
    request.upload.onprogress = ({ loaded, total }) => total && onProgress(loaded / total);
    request.onerror = () => reject(new Unreachable());
    request.onabort = () => reject(new DOMException("The upload was taken back.", "AbortError"));
    request.onload = () => {
      const answer = parsed(request.responseText);
      if (request.status === 201) resolve(answer.data[0]);
      else reject(new Refused(request.status, answer?.error ?? { code: "unknown", message: "The file could not be taken." }));
    };
    aborted?.addEventListener("abort", () => request.abort());
    request.send(file);
  });
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const UNITS = ["bytes", "KB", "MB", "GB"];

export function sizeInWords(bytes) {
  const step = bytes < 1_000 ? 0 : Math.min(3, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1_000 ** step;
  return `${step && value < 10 ? value.toFixed(1) : Math.round(value)} ${UNITS[step]}`;
}
