// Formulas, set by the browser itself: TeX becomes MathML, which is sanitised like everything that a model says.
import DOMPurify from "../vendor/purify.js";
import temml from "../vendor/temml.js";

const LONGEST = 4_000;
const POLICY = { USE_PROFILES: { mathMl: true }, FORBID_ATTR: ["style", "href", "class"], FORBID_TAGS: ["a"], RETURN_DOM_FRAGMENT: true };

/** The formula as an element; null where it is none, or too long. */
export function mathOf(tex, isBlock) {
  if (tex.length > LONGEST) return null;
  try {
    const markup = temml.renderToString(tex, { displayMode: isBlock, throwOnError: true, trust: false, maxExpand: 200, maxSize: [20, 200] });
    // Inline styles are taken out as text: even parsing them is against the policy.
    return DOMPurify.sanitize(markup.replaceAll(/ style="[^"]*"/g, ""), POLICY).querySelector("math");
  } catch {
    return null;
  }
}
