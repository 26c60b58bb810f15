// Markdown, safely and while it is still being written. Three layers keep what a model says from becoming
// markup of ours: raw HTML is shown as the text it is, what the parser makes is sanitised, and the page's
// content security policy runs no script and loads no picture from elsewhere.
import { Lexer, Marked, Parser } from "../vendor/marked.js";
import DOMPurify from "../vendor/purify.js";
import { copyText } from "./clipboard.js";

const HARMLESS_TAG = /^<(br\s*\/?|\/?(sub|sup|kbd))>$/i;
const INLINE_PICTURE = /^data:image\/(png|jpeg|gif|webp);base64,/i;
const SAFE_LINK = /^(https?:|mailto:)/i;

const escape = (text) =>
  text.replace(/[&<>"']/g, (mark) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" })[mark]);

const renderer = {
  html: ({ text, block }) => {
    const shown = HARMLESS_TAG.test(text.trim()) ? text : escape(text);
    return block ? `<p>${shown}</p>` : shown;
  },
  image: ({ href, text }) => {
    const name = escape(text || "picture");
    if (INLINE_PICTURE.test(href)) return `<img src="${escape(href)}" alt="${name}">`;
    return `<a href="${escape(href)}">Picture: ${name}</a>`;
  },
  code: ({ text, lang }) => `<pre data-language="${escape(languageOf(lang))}"><code>${escape(text)}</code></pre>`,
};

/** Formulas between dollars or in TeX's own brackets. A single dollar before a space or a digit after it is money. */
const formula = (name, level, rule, start) => ({
  name,
  level,
  start: (text) => text.search(start),
  tokenizer: (text) => {
    const found = rule.exec(text);
    return found ? { type: name, raw: found[0], formula: (found[1] ?? found[2]).trim() } : undefined;
  },
  renderer: (token) => `<code data-formula="${level}">${escape(token.formula)}</code>`,
});
const formulas = [
  formula("formulaBlock", "block", /^(?:\$\$([^$]+?)\$\$|\\\[([\s\S]+?)\\\])[ \t]*(?:\n|$)/, /\$\$|\\\[/),
  formula("formulaInline", "inline", /^(?:\$(?!\s)([^$\n]+?)(?<!\s)\$(?!\d)|\\\(([^\n]+?)\\\))/, /\$|\\\(/),
];

const options = new Marked({ gfm: true, breaks: true, extensions: formulas }, { renderer }).defaults;

const POLICY = {
  ALLOWED_TAGS: [
    ..."a p br strong em del code pre blockquote ul ol li h1 h2 h3 h4 h5 h6 hr img input".split(" "),
    ..."table thead tbody tr th td sub sup kbd".split(" "),
  ],
  ALLOWED_ATTR: ["href", "title", "start", "align", "type", "checked", "disabled", "src", "alt", "data-language", "data-formula"],
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  RETURN_DOM_FRAGMENT: true,
};

export const languageOf = (info) => (info ?? "").match(/^\s*([\w+#.-]{1,24})/)?.[1] ?? "";

/** A paragraph without end is drawn in pieces of about this many characters while it grows. */
const PIECE = 2_000;

/** A text that grows: what was parsed and can no longer change is not parsed again. */
export class GrowingText {
  #settled = [];
  #prefix = "";
  #links = {};
  #last = { text: null, tokens: [] };

  /** The text's top-level tokens; `whole` parses all of it once more, as it is to stay. */
  tokens(text, whole) {
    if (text === this.#last.text && whole === this.#last.whole) return this.#last.tokens;
    if (whole || !text.startsWith(this.#prefix)) this.#forget();
    const lexer = new Lexer(options);
    Object.assign(lexer.tokens.links, this.#links);
    const open = lexer.lex(text.slice(this.#prefix.length));
    const runningOn = this.#settled.at(-1)?.runsOn;
    if (runningOn && open[0]?.type === "paragraph") open[0].runsOn = true;
    const tokens = [...this.#settled, ...open];
    if (!whole) this.#settle(open, text);
    this.#last = { text, whole, tokens };
    return tokens;
  }

  #forget() {
    this.#settled = [];
    this.#prefix = "";
    this.#links = {};
  }

  /** What comes before the last two blocks cannot be changed by more text, apart from links defined later. */
  #settle(open, text) {
    const blocks = open.flatMap((token, at) => (token.type === "space" ? [] : [at]));
    const [first] = blocks;
    if (blocks.length === 1 && open[first].type === "paragraph") return this.#settlePiece(open[first]);
    const settled = open.slice(0, blocks.at(-2) ?? 0);
    const prefix = this.#prefix + settled.map((token) => token.raw).join("");
    // The parser normalises line ends; then its pieces are not those of the text, and nothing is settled.
    if (!settled.length || !text.startsWith(prefix)) return;
    this.#settled = this.#settled.concat(settled);
    this.#prefix = prefix;
    for (const { type, tag, href, title } of settled) if (type === "def") this.#links[tag] ??= { href, title };
    return undefined;
  }

  /**
   * The beginning of a long paragraph, up to a space. A mark that is opened in one piece and closed in another is
   * shown as it is written until the text is whole and parsed once more.
   */
  #settlePiece({ raw }) {
    if (raw.length < 2 * PIECE) return;
    const end = raw.lastIndexOf(" ", PIECE) + 1 || PIECE;
    const piece = raw.slice(0, end);
    const [token] = new Lexer(options).lex(piece);
    if (token?.type !== "paragraph") return;
    this.#settled = this.#settled.concat({ ...token, runsOn: true });
    this.#prefix += piece;
  }
}

export const isCode = (token) => token.type === "code";
export const isShown = (token) => token.type !== "space" && token.type !== "def";

/** One token as sanitised nodes. */
export function nodesOf(token) {
  const fragment = DOMPurify.sanitize(Parser.parse([token], options), POLICY);
  for (const link of fragment.querySelectorAll("a")) harden(link);
  for (const picture of fragment.querySelectorAll("img")) {
    if (!INLINE_PICTURE.test(picture.getAttribute("src") ?? "")) picture.replaceWith(picture.alt);
  }
  for (const input of fragment.querySelectorAll("input")) {
    Object.assign(input, { type: "checkbox", disabled: true, ariaLabel: input.checked ? "done" : "to do" });
  }
  for (const place of fragment.querySelectorAll("code[data-formula]")) setFormula(place);
  for (const table of fragment.querySelectorAll("table")) wrap(table, "table");
  for (const pre of fragment.querySelectorAll("pre")) {
    addCopyButton(pre);
    colour(pre.firstElementChild ?? pre, pre.dataset.language);
  }
  return fragment;
}

/** A formula stands as it was written until the module that sets it is there. */
async function setFormula(place) {
  const { mathOf } = await import("./formulas.js").catch(() => ({}));
  const math = mathOf?.(place.textContent, place.dataset.formula === "block");
  if (math) place.replaceWith(math);
}

/** The module that knows colours, fetched when needed; without it, code is shown as it is. */
export const highlighter = () => import("./highlight.js").catch(() => null);

async function colour(code, language) {
  const pieces = language ? (await highlighter())?.pieces(code.textContent, language) : null;
  if (!pieces) return;
  code.replaceChildren(
    ...pieces.map(([kind, text]) => {
      if (!kind) return text;
      return Object.assign(document.createElement("span"), { className: `code-${kind}`, textContent: text });
    }),
  );
}

function harden(link) {
  if (!SAFE_LINK.test(link.getAttribute("href") ?? "")) return link.removeAttribute("href");
  link.target = "_blank";
  link.rel = "noopener noreferrer nofollow";
}

function wrap(element, name) {
  const box = document.createElement("div");
  box.className = name;
  box.tabIndex = 0;
  element.replaceWith(box);
  box.append(element);
  return box;
}

function addCopyButton(pre) {
  const head = document.createElement("div");
  head.className = "code-head";
  const button = document.createElement("button");
  Object.assign(button, { type: "button", className: "quiet", textContent: "Copy" });
  button.addEventListener("click", async () => {
    if (!(await copyText(pre.textContent))) return;
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), 1_500);
  });
  head.append(document.createTextNode(pre.dataset.language ?? ""), button);
  const box = wrap(pre, "code");
  box.removeAttribute("tabindex");
  pre.tabIndex = 0;
  box.prepend(head);
}
