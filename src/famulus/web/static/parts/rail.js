// The way to every page: a column of signs, always there on a desk, in a drawer on a phone.
import { openPalette } from "../app/above.js";
import { current } from "../app/current.js";
import { html } from "../app/lib.js";
import { linkTo, route } from "../app/route.js";
import { PAGES } from "../pages/index.js";
import { Mark, Search, Talk } from "./icons.js";

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
