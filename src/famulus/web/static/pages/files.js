// A person's files: to bring, to find, to look into, and to delete.
import { html, useEffect, useRef, useState } from "../app/lib.js";
import { attempt, notify, tell } from "../app/notices.js";
import { route } from "../app/route.js";
import { ago, moment } from "../app/times.js";
import { ask } from "../parts/ask.js";
import { files as api, sizeInWords, upload } from "../parts/files/api.js";
import { File } from "../parts/files/file.js";
import { Field, Form } from "../parts/form.js";
import { Download, Page as Sheet, Pencil, Plus, Search, Trash } from "../parts/icons.js";
import { Loaded, Nothing, Page, useLoaded } from "../parts/page.js";

const TYPING = 250;

export default function Files() {
  const [id] = route.value.rest ?? [];
  return id ? html`<${File} key=${id} id=${id} />` : html`<${All} />`;
}

function All() {
  const [query, setQuery] = useState("");
  const [wanted, setWanted] = useState("");
  const [under, setUnder] = useState([]);
  const chooser = useRef(null);
  useEffect(() => {
    const timer = setTimeout(() => setWanted(query.trim()), TYPING);
    return () => clearTimeout(timer);
  }, [query]);
  const found = useLoaded(() => look(wanted), [wanted]);
  useReading(found);
  const take = (list) => [...list].forEach((file) => bring(file, setUnder, found.reload));
  const drop = useDrop(take);
  const actions = html`<button type="button" class="primary" onClick=${() => chooser.current.click()}><${Plus} />Upload</button>`;
  return html`<div class=${drop.over ? "dropping" : ""} ...${drop.handlers}><${Page} title="Files" actions=${actions} text="What you upload here can be searched, and attached to what you say. Drop files anywhere on this page.">
    <input ref=${chooser} type="file" multiple hidden onChange=${(event) => (take(event.target.files), (event.target.value = ""))} />
    <div class="find"><${Search} /><input type="search" aria-label="Search your files" placeholder="Search names, and what is in them"
      value=${query} onInput=${(event) => setQuery(event.target.value)} /></div>
    ${under.length > 0 && html`<ul class="rows" aria-label="Being uploaded">${under.map((one) => html`<${Underway} key=${one.key} ...${one} />`)}</ul>`}
    <${Loaded} of=${found} empty=${html`<${Empty} searched=${wanted} />`}>
      ${({ data, storage }) => html`<ul class="rows">${data.map((file) => html`<${Row} key=${file.id} file=${file} onChange=${found.reload} />`)}</ul>
        ${storage && html`<${Room} storage=${storage} />`}`}
    <//>
  <//></div>`;
}

async function look(wanted) {
  if (!wanted) {
    const [page, storage] = await Promise.all([api.list(), api.storage()]);
    return { ...page, storage };
  }
  const [named, inside] = await Promise.all([api.list(wanted), api.search(wanted).catch(() => ({ data: [] }))]);
  const passages = new Map();
  for (const hit of inside.data) {
    const id = hit.file_id ?? hit.file?.id;
    if (id && !passages.has(id)) passages.set(id, hit);
  }
  const known = new Set(named.data.map(({ id }) => id));
  const others = await Promise.all([...passages.keys()].filter((id) => !known.has(id)).map((id) => api.find(id).catch(() => null)));
  const all = [...named.data, ...others.filter(Boolean)];
  return { data: all.map((file) => ({ ...file, passage: passages.get(file.id) })) };
}

/** Looks again while the text of a file is being read. */
function useReading(found) {
  const reading = found.value?.data.some(({ status }) => status === "stored" || status === "indexing");
  useEffect(() => {
    if (!reading) return undefined;
    const timer = setInterval(found.reload, 2_000);
    return () => clearInterval(timer);
  }, [reading, found.reload]);
}

async function bring(file, setUnder, reload) {
  const key = `${file.name}-${Math.random()}`;
  const change = (fields) => setUnder((all) => all.map((one) => (one.key === key ? { ...one, ...fields } : one)));
  setUnder((all) => [...all, { key, name: file.name, progress: 0 }]);
  try {
    await upload(file, { onProgress: (progress) => change({ progress }) });
  } catch (error) {
    notify(Object.assign(error, { message: `${file.name}: ${error.message}` }));
  }
  setUnder((all) => all.filter((one) => one.key !== key));
  reload();
}

function useDrop(take) {
  const [over, setOver] = useState(false);
  const hasFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  const onDragOver = (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    setOver(true);
  };
  const onDragLeave = (event) => event.currentTarget.contains(event.relatedTarget) || setOver(false);
  const onDrop = (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    setOver(false);
    take(event.dataTransfer.files);
  };
  return { over, handlers: { onDragOver, onDragLeave, onDrop } };
}

function Underway({ name, progress }) {
  return html`<li class="row"><span class="row-main"><strong>${name}</strong>
    <progress max="1" value=${progress} aria-label=${`Uploading ${name}`}></progress></span></li>`;
}

function Empty({ searched }) {
  if (searched) return html`<${Nothing} icon=${Search} title="Nothing found" text="No file is called that or says that." />`;
  return html`<${Nothing} icon=${Sheet} title="No files yet" text="Drop some here, or use the button above. Documents are read, so that what they say can be found." />`;
}

const STATES = { stored: ["", "waiting to be read"], indexing: ["", "being read"], failed: ["bad", "not readable"] };

function Row({ file, onChange }) {
  const [renaming, setRenaming] = useState(false);
  const [tone, words] = STATES[file.status] ?? [];
  const rename = async ({ name }) => {
    await api.rename(file.id, name.trim());
    setRenaming(false);
    onChange();
  };
  const remove = async () => {
    const sure = await ask({ title: "Delete this file?", text: `“${file.name}” will be gone, with all that was read from it.`, action: "Delete" });
    if (sure && (await attempt(api.remove(file.id).then(() => true)))) tell("Deleted.");
    onChange();
  };
  return html`<li class="row tall">
    <${Picture} file=${file} />
    <div class="row-main">
      ${renaming
        ? html`<${Form} act=${rename} action="Rename"><${Field} label="Name" name="name" defaultValue=${file.name} maxlength="255" required /><//>`
        : html`<strong><a class="plain" href=${`#/files/${file.id}`}>${file.name}</a></strong>`}
      <small>${sizeInWords(file.size)} · ${file.kind} · <span title=${moment(file.created_at)}>${ago(file.created_at)}</span>
        ${words && html` <span class="tag ${tone}" title=${file.reason?.message}>${words}</span>`}</small>
      ${file.passage && html`<small class="passage">“${(file.passage.text ?? file.passage.excerpt ?? "").slice(0, 240)}”</small>`}
    </div>
    <div class="row-tools">
      <a class="button icon-link" href=${api.contentOf(file.id)} download aria-label=${`Download ${file.name}`} title="Download"><${Download} /></a>
      <button type="button" class="icon" aria-label=${`Rename ${file.name}`} title="Rename" onClick=${() => setRenaming(!renaming)}><${Pencil} /></button>
      <button type="button" class="icon" aria-label=${`Delete ${file.name}`} title="Delete" onClick=${remove}><${Trash} /></button>
    </div>
  </li>`;
}

function Picture({ file }) {
  if (!file.media_type.startsWith("image/")) return html`<span class="sheet"><${Sheet} /></span>`;
  return html`<img class="sheet" src=${api.contentOf(file.id, true)} alt="" loading="lazy" width="40" height="40" />`;
}

function Room({ storage }) {
  return html`<p class="aside room"><meter min="0" max=${storage.limit} high=${storage.limit * 0.9} value=${storage.used} aria-label="Room taken"></meter>
    ${sizeInWords(storage.used)} of ${sizeInWords(storage.limit)}</p>`;
}
