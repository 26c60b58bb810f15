// What is open above the page: the palette, the list of keys, or nothing.
import { signal } from "./lib.js";

export const above = signal(null);

export const openPalette = () => (above.value = "palette");
export const openShortcuts = () => (above.value = "shortcuts");
