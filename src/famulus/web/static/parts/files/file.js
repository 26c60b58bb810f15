// One file: what it is, and what it says, opened at a place that somebody was sent to.
import { html, useEffect, useRef, useState } from "../../app/lib.js";
import { attempt } from "../../app/notices.js";
import { route } from "../../app/route.js";
import { ago, moment } from "../../app/times.js";
import { Download, Left, Page as Sheet } from "../icons.js";
import { Loaded, Nothing, Page, useLoaded } from "../page.js";
import { files as api, sizeInWords } from "./api.js";

const AT_ONCE = 20;

export function File({ id }) {
  const place = placeOf(route.value.params);
  const key = JSON.stringify(place);
  const found = useLoaded(async () => {
    const file = await api.find(id);
    return { file, start: await startOf(file, place), place };
  }, [id, key]);
  const file = found.value?.file;
  const actions = html`${file && html`<a class="button" href=${api.contentOf(id)} download><${Download} />Download</a>`}
    <a class="button" href="#/files"><${Left} />All files</a>`;
  return html`<${Page} title=${file?.name ?? "File"} kind="narrow" actions=${actions}>
    <${Loaded} of=${found}>${(value) => html`<${Facts} file=${value.file} /><${Text} key=${`${id} ${JSON.stringify(value.place)}`} ...${value} />`}<//>
  <//>`;
}

/** Where the address points: at a page, row or line, maybe of a sheet, or at what has some words. */
const placeOf = (params) => ({
  first: Number(params?.get("first")) || null, sheet: params?.get("sheet") || null, words: params?.get("words") || null,
});

/** The first passages to show, and the position of the one that is meant, if one is. */
async function startOf(file, { first, sheet, words }) {
  if (file.status !== "ready" || !file.passages) return null;
  const named = words ? await passageWith(file.id, words) : first && { first, sheet };
  const text = await api.text(file.id, { ...named, limit: AT_ONCE });
  return { text, meant: named ? text.data[0]?.position : null };
}

async function passageWith(id, words) {
  const [hit] = (await api.search(words, id)).data;
  const sheet = hit?.where.match(/^sheet (.*), rows? [\d-]+$/)?.[1];
  return hit && { first: hit.first, sheet };
}

function Facts({ file }) {
  return html`<p class="aside">${sizeInWords(file.size)} · ${file.kind} · <span title=${moment(file.created_at)}>${ago(file.created_at)}</span></p>
    ${file.media_type.startsWith("image/") && html`<img class="whole-picture" src=${api.contentOf(file.id, true)} alt=${file.name} />`}`;
}

const UNREAD = { stored: "Its text is about to be read.", indexing: "Its text is being read." };

function Text({ file, start }) {
  const [text, setText] = useState(start?.text);
  const mark = useRef(null);
  const sheet = useRef(null);
  useEffect(() => mark.current?.scrollIntoView({ block: "center" }), []);
  if (!text?.data.length) {
    const why = UNREAD[file.status] ?? file.reason?.message ?? "There is no text in it.";
    return file.media_type.startsWith("image/") ? null : html`<${Nothing} icon=${Sheet} title="Nothing to read here" text=${why} />`;
  }
  const first = text.data[0].position;
  const load = async (position, limit) => attempt(api.text(file.id, { position, limit }));
  const before = async () => {
    const from = Math.max(0, first - AT_ONCE);
    const earlier = await load(from, first - from);
    if (!earlier) return;
    // What is being read stays where it is.
    const box = sheet.current.closest(".page");
    const below = box.scrollHeight - box.scrollTop;
    setText({ ...text, data: [...earlier.data, ...text.data] });
    requestAnimationFrame(() => (box.scrollTop = box.scrollHeight - below));
  };
  const onward = async () => {
    const later = await load(text.next, AT_ONCE);
    if (later) setText({ data: [...text.data, ...later.data], next: later.next });
  };
  return html`<section class="panel reading" ref=${sheet} aria-label="What it says">
    ${first > 0 && html`<button type="button" class="quiet wide" onClick=${before}>What comes before</button>`}
    ${text.data.map(
      ({ position, where, text: said }) => html`<div key=${position} ref=${position === start.meant ? mark : null}
        class="said-there ${position === start.meant ? "meant" : ""}"><h2>${where}</h2><p>${said}</p></div>`,
    )}
    ${text.next !== null && html`<button type="button" class="quiet wide" onClick=${onward}>Read on</button>`}
    ${text.next === null && file.is_cut && html`<p class="aside">There is more in the file than is read; download it to see all.</p>`}
  </section>`;
}
