// Draws whatever page the address names, once its module is there.
import { html, useEffect, useState } from "../app/lib.js";
import { route } from "../app/route.js";
import { loadPage, pageNamed } from "../pages/index.js";
import { Menu } from "./icons.js";
import { Nothing, Page, Skeleton } from "./page.js";

export function Outlet({ onMenu }) {
  const { page: name } = route.value;
  const page = pageNamed(name);
  const [ready, setReady] = useState({});
  const load = () => {
    if (!page) return;
    loadPage(page).then(
      (Page) => setReady({ name, Page }),
      (problem) => setReady({ name, problem }),
    );
  };
  useEffect(load, [name]);
  useEffect(() => void (document.title = `${page?.title ?? "Not here"} · Famulus`), [name]);
  return html`<header class="top only-narrow">
      <button type="button" class="icon" aria-label="Show pages" onClick=${onMenu}><${Menu} /></button>
    </header>
    <div class="page" tabindex="-1" key=${name}>${body(page, ready.name === name ? ready : {}, load)}</div>`;
}

function body(page, { Page: Shown, problem }, load) {
  if (!page) {
    return html`<${Page} title="There is no such page" text="The address may be an old one.">
      <p><a class="button" href="#/">To your conversations</a></p>
    <//>`;
  }
  if (problem) {
    return html`<${Page} title=${page.title}>
      <${Nothing} title="This page could not be loaded" text="The connection may have been lost on the way.">
        <button type="button" onClick=${load}>Try again</button>
      <//>
    <//>`;
  }
  return Shown ? html`<${Shown} />` : html`<div class="page-body"><${Skeleton} /></div>`;
}
