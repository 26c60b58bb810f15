// What pages are made of: a head, lists that are loading, empty or in trouble, and values that are fetched.
import { html, useCallback, useEffect, useRef, useState } from "../app/lib.js";
import { Reference } from "./reference.js";

export function Page({ title, text, actions, children, kind = "" }) {
  const heading = useRef(null);
  // Whoever goes to another page by keyboard or screen reader begins at its heading, or in the field that it is for.
  useEffect(() => {
    const body = heading.current.closest(".page-body");
    if (!body.contains(document.activeElement)) heading.current.focus({ preventScroll: true });
  }, []);
  return html`<div class="page-body ${kind}">
    <header class="page-head">
      <h1 ref=${heading} tabindex="-1">${title}</h1>
      ${actions && html`<div class="buttons">${actions}</div>`} ${text && html`<p>${text}</p>`}
    </header>
    ${children}
  </div>`;
}

export function Nothing({ icon, title, text, children }) {
  return html`<div class="nothing">
    ${icon && html`<${icon} />`}
    <h2>${title}</h2>
    ${text && html`<p>${text}</p>`} ${children}
  </div>`;
}

export const Skeleton = () => html`<div class="skeleton" role="status"><span class="off-screen">Loading…</span><i></i><i></i><i></i></div>`;

/** What could not be fetched, why, and a way to try again. */
export function Trouble({ problem, onRetry }) {
  return html`<div class="failure" role="alert">
    <p>${problem.message}<${Reference} id=${problem.correlationId} /></p>
    ${onRetry && html`<button type="button" onClick=${onRetry}>Try again</button>`}
  </div>`;
}

/** A fetched value: `{ value, problem, loading, reload, set }`; fetched anew when the page is seen again. */
export function useLoaded(fetch, inputs = []) {
  const [state, setState] = useState({ value: null, problem: null, loading: true });
  const latest = useRef(0);
  const reload = useCallback(async () => {
    const mine = (latest.current += 1);
    setState((before) => ({ ...before, loading: true }));
    try {
      const value = await fetch();
      if (mine === latest.current) setState({ value, problem: null, loading: false });
    } catch (problem) {
      if (mine === latest.current) setState((before) => ({ ...before, problem, loading: false }));
    }
  }, inputs);
  useEffect(() => {
    reload();
    const onSeen = () => document.hidden || reload();
    document.addEventListener("visibilitychange", onSeen);
    return () => {
      latest.current += 1;
      document.removeEventListener("visibilitychange", onSeen);
    };
  }, [reload]);
  const set = (value) => setState((before) => ({ ...before, value }));
  return { ...state, reload, set };
}

/** The three ways in which there may be nothing to show yet; `children` draws the value. */
export function Loaded({ of, empty, children }) {
  if (of.value === null && of.problem) return html`<${Trouble} problem=${of.problem} onRetry=${of.reload} />`;
  if (of.value === null) return html`<${Skeleton} />`;
  const nothing = empty && (Array.isArray(of.value) ? !of.value.length : !of.value.data?.length);
  return html`${of.problem && html`<${Trouble} problem=${of.problem} onRetry=${of.reload} />`} ${nothing ? empty : children(of.value)}`;
}
