import { App } from "../parts/app.js";
import { emptyList, keepFresh } from "./conversations.js";
import { notePages } from "./counting.js";
import { keepTogether } from "./current.js";
import { effect, html, render, untracked } from "./lib.js";
import "./preferences.js";
import { keepCounting } from "./notifications.js";
import { begin, stage } from "./session.js";

render(html`<${App} />`, document.querySelector("#famulus"));
keepTogether();
effect(() => {
  if (stage.value !== "in") return undefined;
  const left = new AbortController();
  untracked(() => {
    keepFresh(left.signal);
    keepCounting(left.signal);
    notePages(left.signal);
  });
  return () => {
    left.abort();
    emptyList();
  };
});
begin();
