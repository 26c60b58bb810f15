// What this browser remembers of how its person likes the page; nothing of it is anybody else's business.
import { effect, signal } from "./lib.js";

const PREFIX = "famulus.likes.";

function kept(name, otherwise) {
  const liked = signal(otherwise);
  try {
    const found = JSON.parse(localStorage.getItem(PREFIX + name));
    if (found !== null) liked.value = found;
  } catch {
    // Without storage, what is chosen lasts as long as the page.
  }
  effect(() => {
    try {
      localStorage.setItem(PREFIX + name, JSON.stringify(liked.value));
    } catch {
      // As above.
    }
  });
  return liked;
}

/** `system`, `light` or `dark`; `theme.js` applies it before anything is drawn. */
export const theme = kept("theme", "system");
/** Whether a single letter, such as `?`, may be a shortcut. */
export const singleKeys = kept("single-keys", true);
/** Whether thoughts of a model are shown unfolded. */
export const showThoughts = kept("thoughts", false);

effect(() => {
  const root = document.documentElement;
  if (theme.value === "system") delete root.dataset.theme;
  else root.dataset.theme = theme.value;
});
