// The few signs the page uses, drawn with the text's own colour.
import { html } from "../app/lib.js";

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

export const Search = icon(html`<circle cx="9" cy="9" r="5" /><path d="M13 13l3.5 3.5" />`);
export const Talk = icon(html`<path d="M4 5.5h12v8H9.5L6 16.5v-3H4z" />`);
export const Lamp = icon(html`<path d="M7.2 13.2a5 5 0 1 1 5.6 0v1.6H7.2zM8 17.2h4" />`);
export const Pin = icon(html`<path d="M7.5 3.5h5l-.6 5 2.6 2.7H5.5l2.6-2.7zM10 11.5v5" />`);
export const Pencil = icon(html`<path d="M4 16l.8-3.2L13.5 4.1l2.4 2.4-8.7 8.7zM11.8 5.8l2.4 2.4" />`);
export const Trash = icon(html`<path d="M4.5 6h11M8 6V4h4v2M6 6l.7 10h6.6L14 6M8.6 9v4.5M11.4 9v4.5" />`);
export const Again = icon(html`<path d="M15.5 10a5.5 5.5 0 1 1-1.8-4.1M15.5 3.2v3.4h-3.4" />`);
export const Copy = icon(html`<rect x="7" y="7" width="9" height="9" rx="2" /><path d="M13 7V5.5A1.5 1.5 0 0 0 11.5 4h-6A1.5 1.5 0 0 0 4 5.5v6A1.5 1.5 0 0 0 5.5 13H7" />`);
export const Sun = icon(html`<circle cx="10" cy="10" r="3.2" /><path d="M10 2.8v1.7M10 15.5v1.7M2.8 10h1.7M15.5 10h1.7M4.9 4.9l1.2 1.2M13.9 13.9l1.2 1.2M4.9 15.1l1.2-1.2M13.9 6.1l1.2-1.2" />`);
export const Key = icon(html`<circle cx="7" cy="12.5" r="3.2" /><path d="M9.3 10.2l6.2-6.2M13 6.5l2 2" />`);
export const Keyboard = icon(html`<rect x="2.5" y="5.5" width="15" height="9" rx="1.5" /><path d="M5.5 8.5h.01M8.5 8.5h.01M11.5 8.5h.01M14.5 8.5h.01M6.5 11.5h7" />`);
export const Door = icon(html`<path d="M11.5 4H5v12h6.5M9 10h8M14 7l3 3-3 3" />`);
export const Dot = icon(html`<circle cx="10" cy="10" r="3" fill="currentColor" />`);
export const Info = icon(html`<circle cx="10" cy="10" r="6.5" /><path d="M10 9.2v4M10 6.6h.01" />`);
export const Clock = icon(html`<circle cx="10" cy="10" r="6.5" /><path d="M10 6.5V10l2.5 1.8" />`);
export const Flag = icon(html`<path d="M5.5 17V3.5M5.5 4h9l-2 3 2 3h-9" />`);
export const Sparkle = icon(html`<path d="M10 3l1.6 4.4L16 9l-4.4 1.6L10 15l-1.6-4.4L4 9l4.4-1.6zM15.5 14v3M14 15.5h3" />`);
export const Page = icon(html`<path d="M5.5 3.5h6l3 3v10h-9zM11.5 3.5v3h3" />`);
export const Download = icon(html`<path d="M10 3.5v9M6 9l4 4 4-4M4.5 16.5h11" />`);
export const Bell = icon(html`<path d="M5.5 13.5V9a4.5 4.5 0 0 1 9 0v4.5l1.2 1.5H4.3zM8.5 17h3" />`);
export const Archive = icon(html`<path d="M3.5 4.5h13v3.5h-13zM4.5 8v8h11V8M8 11h4" />`);
export const Calendar = icon(html`<path d="M4 5h12v11.5H4zM4 8.5h12M7 3v3.5M13 3v3.5" />`);
export const Alarm = icon(html`<circle cx="10" cy="11" r="5.5" /><path d="M10 8v3l2 1.5M3.5 6.5L6 4M16.5 6.5L14 4" />`);
export const Right = icon(html`<path d="M8 5l5 5-5 5" />`);
export const Bars = icon(html`<path d="M4 16.5h12M6 14v-4M10 14V5M14 14V8" />`);
export const Left = icon(html`<path d="M12 5l-5 5 5 5" />`);
export const Clip = icon(html`<path d="M14.5 9l-5 5a3 3 0 0 1-4.2-4.2l5.7-5.7a2 2 0 0 1 2.8 2.8l-5.5 5.5a1 1 0 0 1-1.4-1.4l4.8-4.8" />`);

/** The mark: a lamp's light beside the one who reads. */
export const Mark = () =>
  html`<svg class="mark" viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
    <circle cx="16" cy="16" r="14" fill="currentColor" opacity="0.14" />
    <path d="M16 5a11 11 0 1 0 11 11A8.5 8.5 0 0 1 16 5z" fill="currentColor" />
    <circle cx="22" cy="10" r="2.6" fill="currentColor" />
  </svg>`;
