// What a search finds: asked of the server, and drawn wherever it is shown.
import { enc, open, V1 } from "../../app/api.js";
import { html } from "../../app/lib.js";
import { linkTo, visit } from "../../app/route.js";
import { ago } from "../../app/times.js";
import { Alarm, Bell, Calendar, Check, Flag, Lamp, Page, Search, Talk } from "../icons.js";

/** What a kind is called, its sign, and where a hit of it is opened. */
const KINDS = {
  message: ["Message", Talk, ({ id, conversation_id: talk }) => `${linkTo(talk)}?at=${enc(id)}`],
  conversation: ["Conversation", Talk, ({ id }) => linkTo(id)],
  memory: ["Memory", Lamp, ({ id }) => `#/memory/${enc(id)}`],
  file: ["File", Page, ({ id }) => `#/files/${enc(id)}`],
  passage: ["In a file", Page, (hit) => `#/files/${enc(hit.part_of)}?words=${enc(found(hit) || hit.snippet.slice(0, 80))}`],
  goal: ["Goal", Flag, ({ id }) => `#/goals/${enc(id)}`],
  step: ["Step", Check, ({ part_of: goal }) => `#/goals/${enc(goal)}`],
  event: ["Event", Calendar, ({ at }) => `#/calendar/day/${at.slice(0, 10)}`],
  reminder: ["Reminder", Alarm, ({ id }) => `#/reminders/${enc(id)}`],
  notification: ["News", Bell, () => "#/notifications"],
};

/** The words of a hit's text for which it was found. */
function found({ snippet, marks }) {
  const signs = Array.from(snippet);
  return marks.map(([from, to]) => signs.slice(from, to).join("")).join(" ");
}

export const nameOf = ({ kind }) => KINDS[kind]?.[0] ?? kind;
export const iconOf = ({ kind }) => KINDS[kind]?.[1] ?? Search;
export const addressOf = (hit) => KINDS[hit.kind]?.[2](hit) ?? "#/search";

/** A page of what is found; `within` has whatever the address of a search may have. */
export async function search(within, { limit = 20, after, aborted } = {}) {
  const asked = new URLSearchParams(Object.entries({ ...within, limit, after }).filter(([, value]) => value));
  return (await open(`${V1}/search?${asked}`, { aborted })).json();
}

/** A text with its marks, which count characters and not halves of them. */
export function Marked({ text, marks }) {
  const signs = Array.from(text);
  const part = (from, to) => signs.slice(from, to).join("");
  let at = 0;
  const drawn = marks.map(([from, to]) => {
    const before = part(at, from);
    at = to;
    return html`${before}<mark>${part(from, to)}</mark>`;
  });
  return html`${drawn}${part(at)}`;
}

const FEW = 7;
const everything = (words) => ({
  key: "everything", title: `All that has “${words}”`, icon: Search, hint: "Search", act: () => visit(`#/search?q=${enc(words)}`),
});

/** What the palette shows of a search, and the way to all of it. */
export async function entries(words, aborted) {
  const { data } = await search({ q: words }, { limit: FEW, aborted });
  return [...data.map(entry), everything(words)];
}

function entry(hit) {
  const inTitle = !hit.snippet || (hit.title_marks.length > 0 && !hit.marks.length);
  const [text, marks] = inTitle ? [hit.title, hit.title_marks] : [hit.snippet, hit.marks];
  return {
    key: hit.id, title: text, shown: html`<${Marked} text=${text} marks=${marks} />`, icon: iconOf(hit),
    hint: `${nameOf(hit)} · ${ago(hit.at)}`, act: () => visit(addressOf(hit)),
  };
}
