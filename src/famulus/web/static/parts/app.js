import { openPalette, openShortcuts } from "../app/above.js";
import { connected } from "../app/connection.js";
import { current, startNew } from "../app/current.js";
import { html, useEffect, useRef, useState } from "../app/lib.js";
import { singleKeys } from "../app/preferences.js";
import { AT_THE_DOOR, route } from "../app/route.js";
import { stage } from "../app/session.js";
import { Question } from "./ask.js";
import { Chat } from "./chat.js";
import { Outlet } from "./outlet.js";
import { Above } from "./palette.js";
import { Rail } from "./rail.js";
import { Sidebar } from "./sidebar.js";
import { Toasts } from "./toasts.js";
import { Welcome } from "./welcome.js";

export function App() {
  const signedIn = stage.value === "in" && !AT_THE_DOOR.includes(route.value.name);
  return html`${!connected.value &&
    html`<p class="banner" role="status">Famulus cannot be reached. What you send is kept here until it is back.</p>`}
    ${stage.value === "loading" ? null : signedIn ? html`<${Home} />` : html`<${Welcome} />`} <${Toasts} />`;
}

function Home() {
  const [menu, setMenu] = useState(false);
  const sides = useRef(null);
  const isPage = route.value.name === "page";
  useKeys(menu, setMenu);
  useEffect(() => menu && sides.current.querySelector("a, button").focus(), [menu]);
  const onMenu = () => setMenu(true);
  const closeMenu = () => setMenu(false);
  return html`<a class="button skip" href="#main" onClick=${toMain}>Skip to the content</a>
    <div class="home">
      <div class="sides ${menu ? "open" : ""}" ref=${sides}>
        <${Rail} onChoose=${closeMenu} />
        ${!isPage && html`<${Sidebar} onClose=${closeMenu} />`}
      </div>
      ${menu && html`<div class="scrim" onClick=${closeMenu}></div>`}
      <main class="main" id="main" tabindex="-1" inert=${menu}>
        ${isPage ? html`<${Outlet} onMenu=${onMenu} />` : current.value && html`<${Chat} chat=${current.value} onMenu=${onMenu} />`}
      </main>
      <${Question} /><${Above} />
    </div>`;
}

function toMain(event) {
  event.preventDefault();
  document.querySelector("#main").focus();
}

const isWriting = (target) => target.closest?.("input, textarea, select, [contenteditable]");
const isAbove = () => document.querySelector("dialog[open], [popover]:popover-open");

function useKeys(menu, setMenu) {
  useEffect(() => {
    const onKeyDown = (event) => {
      if (event.defaultPrevented || event.isComposing || isAbove()) return;
      const act = wanted(event, menu, setMenu);
      if (!act) return;
      event.preventDefault();
      act();
    };
    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  }, [menu]);
}

function wanted(event, menu, setMenu) {
  const command = (event.metaKey || event.ctrlKey) && !event.altKey;
  const key = event.key.toLowerCase();
  if (key === "escape" && menu) return () => setMenu(false);
  if (key === "escape" && route.peek().name !== "page" && current.peek()?.atWork.peek().length) return () => current.peek().stop();
  if (command && !event.shiftKey && key === "k") return openPalette;
  if (command && event.shiftKey && key === "o") return startNew;
  if (command && key === "/") return openShortcuts;
  if (event.key === "?" && singleKeys.peek() && !isWriting(event.target)) return openShortcuts;
  return null;
}
