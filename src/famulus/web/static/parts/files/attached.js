// The files beside what is said: chosen, on their way, and attached.
import { html, signal, useEffect } from "../../app/lib.js";
import { Close, Page } from "../icons.js";
import { files as api, sizeInWords } from "./api.js";

/** What is known of files that messages only name; a file that is gone is `null`. */
const known = signal(new Map());
const asked = new Set();

async function learn(ids) {
  const unknown = ids.filter((id) => !asked.has(id));
  if (!unknown.length) return;
  unknown.forEach((id) => asked.add(id));
  const found = await api.several(unknown).catch(() => null);
  if (!found) return unknown.forEach((id) => asked.delete(id));
  const learned = new Map(known.peek());
  for (const id of unknown) learned.set(id, found.data.find((file) => file.id === id) ?? null);
  known.value = learned;
}

/** The files of a message that was sent. */
export function AttachedFiles({ files }) {
  useEffect(() => void learn(files.filter(({ name }) => !name).map(({ id }) => id)), [files]);
  return html`<ul class="attached" aria-label="Attached">
    ${files.map((file) => html`<li key=${file.id}><${Attached} file=${file.name ? file : known.value.get(file.id)} /></li>`)}
  </ul>`;
}

function Attached({ file }) {
  if (file === undefined) return html`<span class="chip"><${Page} />…</span>`;
  if (file === null) return html`<span class="chip gone"><${Page} />A file that was deleted since</span>`;
  if (file.media_type?.startsWith("image/")) {
    return html`<a href=${api.contentOf(file.id)} download><img class="attached-picture" src=${api.contentOf(file.id, true)} alt=${file.name} loading="lazy" /></a>`;
  }
  return html`<a class="chip" href=${api.contentOf(file.id)} download><${Page} />${file.name}<small>${sizeInWords(file.size)}</small></a>`;
}

/** The files of a message that is being written. */
export function Chosen({ files, onDrop }) {
  if (!files.length) return null;
  return html`<ul class="attached choosing" aria-label="To be attached">
    ${files.map(
      ({ key, name, progress, problem }) => html`<li key=${key} class="chip ${problem ? "bad" : ""}">
        <${Page} /><span>${name}${problem && html`<small>${problem.message}</small>`}</span>
        ${progress < 1 && !problem && html`<progress max="1" value=${progress} aria-label=${`Uploading ${name}`}></progress>`}
        <button type="button" class="icon" aria-label=${`Leave out ${name}`} onClick=${() => onDrop(key)}><${Close} /></button>
      </li>`,
    )}
  </ul>`;
}
