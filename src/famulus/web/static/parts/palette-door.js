// The palette is fetched when it is first asked for.
import { html, signal, useEffect, useState } from "../app/lib.js";
import { attempt } from "../app/notices.js";

/** `palette`, `shortcuts` or null. */
const wanted = signal(null);

export const openPalette = () => (wanted.value = "palette");
export const openShortcuts = () => (wanted.value = "shortcuts");

export function PaletteDoor() {
  const [rooms, enter] = useState(null);
  useEffect(() => {
    if (wanted.value && !rooms) attempt(import("./palette.js").then(enter));
  }, [wanted.value, rooms]);
  if (!wanted.value || !rooms) return null;
  const Room = wanted.value === "palette" ? rooms.Palette : rooms.Shortcuts;
  return html`<${Room} onClose=${() => (wanted.value = null)} />`;
}
