// Code in colours: comments, strings, numbers, words of the language and names of what is called. It does not parse: a few
// rules tell any language well enough to be read, and what they do not know stays as it is. Pure.

/** Beyond this, code is shown as it is. */
const MOST = 16_000;

const BLOCK = String.raw`/\*[\s\S]*?(?:\*/|$)`;
const COMMENTS = {
  slashes: String.raw`//.*|${BLOCK}`,
  block: BLOCK,
  hash: "#.*",
  dashes: String.raw`--.*|${BLOCK}`,
  semicolon: "[;#].*",
  markup: String.raw`<!--[\s\S]*?(?:-->|$)`,
};
const FAMILIES = {
  slashes: "c cpp c++ cc h hpp cs csharp java js javascript jsx mjs ts typescript tsx go rust rs swift kotlin kt scala dart php zig scss less groovy proto",
  block: "css",
  hash: "py python rb ruby sh bash zsh shell console fish yaml yml toml r perl pl make makefile dockerfile docker julia jl elixir ex nix graphql hcl terraform tf powershell ps1 conf env",
  dashes: "sql sqlite postgres postgresql mysql lua haskell hs elm ada",
  semicolon: "ini lisp clojure clj scheme asm",
  markup: "html xml svg vue svelte xhtml",
  none: "json json5 jsonc",
};
const FAMILY = new Map(Object.entries(FAMILIES).flatMap(([family, names]) => names.split(" ").map((name) => [name, family])));

const STRING = String.raw`"""[\s\S]*?(?:"""|$)|'''[\s\S]*?(?:'''|$)|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'|${"`"}(?:\\.|[^${"`"}\\])*${"`"}?`;
const NUMBER = String.raw`(?<![\w.])(?:0[xob][\da-f_]+|\d[\d_]*(?:\.\d+)?(?:e[+-]?\d+)?)\b`;
const WORD = String.raw`[A-Za-z_$@][\w$]*`;

const WORDS = new Set(
  `abstract and any as assert async await begin bool boolean break by byte case catch char class const constructor continue
  create crate debugger def default defer del delete desc distinct do double drop echo elif else elseif elsif end enum esac except export
  extends false fi final finally float fn for foreach from func function get global go goto group having if impl implements import
  in inner insert instanceof int interface into is join lambda left let like limit local long loop match mod module move mut
  namespace new nil none nonlocal not null nullptr on or order outer package pass primary private protected protocol pub public raise
  readonly record require return returns right select self set short sizeof static string struct super switch table template
  then this throw throws trait true try type typedef typeof undefined union unless unsafe unsigned until update use using values var
  virtual void volatile when where while with yield`.split(/\s+/),
);
const ANY_CASE = new Set(["dashes"]);

const rules = new Map();

function ruleOf(family) {
  if (!rules.has(family)) {
    const comment = COMMENTS[family] ? `(?<comment>${COMMENTS[family]})|` : "";
    const tag = family === "markup" ? String.raw`(?<tag></?[A-Za-z][\w:.-]*|/?>)|` : "";
    rules.set(family, new RegExp(`${comment}${tag}(?<string>${STRING})|(?<number>${NUMBER})|(?<word>${WORD})`, "gi"));
  }
  return rules.get(family);
}

/** The code in pieces, `[kind, text]`: a kind is `comment`, `string`, `number`, `word`, `name` or none. */
export function pieces(code, language) {
  const family = FAMILY.get(language.toLowerCase());
  if (!family || code.length > MOST) return [[null, code]];
  const found = [];
  let end = 0;
  for (const match of code.matchAll(ruleOf(family))) {
    const kind = kindOf(match, code, family);
    if (!kind) continue;
    if (match.index > end) found.push([null, code.slice(end, match.index)]);
    found.push([kind, match[0]]);
    end = match.index + match[0].length;
  }
  if (end < code.length) found.push([null, code.slice(end)]);
  return found;
}

function kindOf({ 0: text, index, groups }, code, family) {
  const next = code[index + text.length];
  if (groups.comment) return "comment";
  if (groups.tag) return "word";
  if (groups.string) return family === "none" && /^\s*:/.test(code.slice(index + text.length, index + text.length + 8)) ? "name" : "string";
  if (groups.number) return "number";
  if (family === "markup") return next === "=" ? "name" : null;
  if (WORDS.has(ANY_CASE.has(family) ? text.toLowerCase() : text) || text[0] === "@") return "word";
  if (text === "None" || text === "True" || text === "False" || text === "Self") return "word";
  return next === "(" ? "name" : null;
}
