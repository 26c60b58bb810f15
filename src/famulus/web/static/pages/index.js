// The pages there are, each loaded when somebody first goes there. A page is a module whose default export draws it.
import { unread } from "../app/notifications.js";
import { person } from "../app/session.js";
import { Alarm, Bars, Bell, Calendar, Flag, Gear, Key, Lamp, Page, Search } from "../parts/icons.js";

export const PAGES = [
  { name: "goals", title: "Goals", icon: Flag, load: () => import("./goals.js"), styled: true },
  { name: "calendar", title: "Calendar", icon: Calendar, load: () => import("./calendar.js"), styled: true },
  { name: "reminders", title: "Reminders", icon: Alarm, load: () => import("./reminders.js"), styled: true },
  { name: "files", title: "Files", icon: Page, load: () => import("./files.js"), styled: true },
  { name: "memory", title: "Memory", icon: Lamp, load: () => import("./memory.js") },
  { name: "usage", title: "Usage", icon: Bars, load: () => import("./usage.js"), styled: true },
  { name: "admin", title: "Server", icon: Key, load: () => import("./admin.js"), styled: true, when: () => person.value?.role !== "member", last: true },
  { name: "notifications", title: "News", icon: Bell, load: () => import("./notifications.js"), badge: unread, last: true },
  { name: "settings", title: "Settings", icon: Gear, load: () => import("./settings.js"), styled: true, last: true },
];

/** Not listed: a card and the palette lead there. */
const START = { name: "start", title: "First steps", icon: Lamp, load: loadStart, styled: true };
const SEARCH = { name: "search", title: "Search", icon: Search, load: () => import("./search.js"), styled: true };

export const pageNamed = (name) => [...PAGES, START, SEARCH].find((page) => page.name === name);

async function loadStart() {
  const [module] = await Promise.all([import("./start.js"), stylesheet("./settings.css")]);
  return module;
}

const loaded = new Map();

/** The page's component and its style sheet, fetched once; a failure is forgotten, so that it can be tried again. */
export function loadPage(page) {
  if (!loaded.has(page.name)) {
    const fetching = Promise.all([page.load(), page.styled && stylesheet(`./${page.name}.css`)]).then(([{ default: draw }]) => draw);
    fetching.catch(() => loaded.delete(page.name));
    loaded.set(page.name, fetching);
  }
  return loaded.get(page.name);
}

export function stylesheet(path) {
  const href = new URL(path, import.meta.url).href;
  const known = [...document.styleSheets].some((sheet) => sheet.href === href);
  if (known) return undefined;
  return new Promise((resolve, reject) => {
    const link = document.createElement("link");
    Object.assign(link, { rel: "stylesheet", href, onload: resolve, onerror: () => reject(new Error("A style sheet is missing.")) });
    document.head.append(link);
  });
}
