// Draws whatever page the address names, once its module is there.
import { html, useEffect, useState } from "../app/lib.js";
import { route } from "../app/route.js";
import { loadPage, pageNamed } from "../pages/index.js";
import { Menu } from "./icons.js";
import { Nothing, Skeleton } from "./page.js";

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
      <span class="title">${page?.title}</span>
      <span class="icon-room"></span>
    </header>
    <div class="page" tabindex="-1" key=${name}>${body(page, ready.name === name ? ready : {}, load)}</div>`;
}

function body(page, { Page, problem }, load) {
  if (!page) {
    return html`<div class="page-body"><${Nothing} title="There is no such page" text="The address may be an old one.">
      <a class="button" href="#/">To your conversations</a>
    <//></div>`;
  }
  if (problem) {
    return html`<div class="page-body"><${Nothing} title="This page could not be loaded" text="The connection may have been lost on the way.">
      <button type="button" onClick=${load}>Try again</button>
    <//></div>`;
  }
  return Page ? html`<${Page} />` : html`<div class="page-body"><${Skeleton} /></div>`;
}
