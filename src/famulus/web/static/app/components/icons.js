// The few signs the page uses, drawn with the text's own colour.
import { html } from "../lib.js";

const icon = (shape) => () =>
  html`<svg viewBox="0 0 20 20" width="20" height="20" fill="none" stroke="currentColor" aria-hidden="true"
    stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round">${shape}</svg>`;

export const Plus = icon(html`<path d="M10 4.5v11M4.5 10h11" />`);
export const Menu = icon(html`<path d="M3.5 6h13M3.5 10h13M3.5 14h8" />`);
export const Close = icon(html`<path d="M5 5l10 10M15 5L5 15" />`);
export const More = icon(html`<path d="M4.5 10h.01M10 10h.01M15.5 10h.01" stroke-width="2.4" />`);
export const Send = icon(html`<path d="M10 16V4.5M5 9.5l5-5 5 5" />`);
export const Stop = icon(html`<rect x="6" y="6" width="8" height="8" rx="1.5" fill="currentColor" />`);
export const Down = icon(html`<path d="M10 4v11.5M5 10.5l5 5 5-5" />`);
export const Chevron = icon(html`<path d="M8 5.5l4.5 4.5L8 14.5" />`);
export const Check = icon(html`<path d="M4.5 10.5l3.5 3.5 7.5-8" />`);
export const Cross = icon(html`<path d="M6 6l8 8M14 6l-8 8" />`);
export const Dash = icon(html`<path d="M5.5 10h9" />`);
export const Star = icon(
  html`<path d="M10 3.2l2.1 4.3 4.7.7-3.4 3.3.8 4.7-4.2-2.2-4.2 2.2.8-4.7L3.2 8.2l4.7-.7z" />`,
);
export const Gear = icon(
  html`<circle cx="10" cy="10" r="2.4" />
    <path d="M10 2.8v2M10 15.2v2M2.8 10h2M15.2 10h2M4.9 4.9l1.4 1.4M13.7 13.7l1.4 1.4M4.9 15.1l1.4-1.4M13.7 6.3l1.4-1.4" />`,
);

/** The mark: a lamp's light beside the one who reads. */
export const Mark = () =>
  html`<svg class="mark" viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
    <circle cx="16" cy="16" r="14" fill="currentColor" opacity="0.14" />
    <path d="M16 5a11 11 0 1 0 11 11A8.5 8.5 0 0 1 16 5z" fill="currentColor" />
    <circle cx="22" cy="10" r="2.6" fill="currentColor" />
  </svg>`;
