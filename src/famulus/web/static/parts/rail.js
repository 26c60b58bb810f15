// The way to every page: a column of signs, always there on a desk, in a drawer on a phone.
import { current } from "../app/current.js";
import { html } from "../app/lib.js";
import { person } from "../app/session.js";
import { linkTo, route } from "../app/route.js";
import { PAGES } from "../pages/index.js";
import { Mark, Search, Talk } from "./icons.js";
import { openPalette } from "./palette-door.js";

export function Rail({ onChoose }) {
  const here = route.value.name === "page" ? route.value.page : "chat";
  const shown = PAGES.filter(({ when }) => !when || when());
  const search = () => {
    onChoose();
    openPalette();
  };
  return html`<nav class="rail" aria-label="Pages">
    <${Mark} />
    <ul>
      <li><button type="button" class="rail-button" onClick=${search} aria-keyshortcuts="Control+K"><${Search} />Search</button></li>
      <${Entry} name="chat" title="Chat" icon=${Talk} href=${linkTo(current.value?.id.value)} here=${here} onChoose=${onChoose} />
      ${shown.filter(({ last }) => !last).map((page) => html`<${Entry} key=${page.name} ...${page} here=${here} onChoose=${onChoose} />`)}
    </ul>
    <ul class="last">
      ${shown.filter(({ last }) => last).map((page) => html`<${Entry} key=${page.name} ...${page} here=${here} onChoose=${onChoose} />`)}
      <li>
        <a href="#/settings" onClick=${onChoose}>
          <span class="face" aria-hidden="true">${initial()}</span>
          <span class="off-screen">Signed in as ${person.value?.name || person.value?.email}</span>
        </a>
      </li>
    </ul>
  </nav>`;
}

function Entry({ name, title, icon, here, href = `#/${name}`, badge, onChoose }) {
  const count = badge?.value ?? 0;
  return html`<li>
    <a href=${href} aria-current=${here === name ? "page" : undefined} onClick=${onChoose}>
      <${icon} />${title}
      ${count > 0 && html`<span class="badge">${count > 99 ? "99+" : count}<span class="off-screen"> new</span></span>`}
    </a>
  </li>`;
}

const initial = () => (person.value?.name || person.value?.email || "·").trim().charAt(0).toUpperCase();
