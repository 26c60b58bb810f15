"""What a model says becomes text, and never markup of the page's own; parsed as it grows, or whole."""

import json
import re

import pytest
from playwright.sync_api import Page

from tests.serving import Server

pytestmark = pytest.mark.browser

HOSTILE = [
    "<script>window.pwned = 1</script>",
    "text <img src=x onerror='window.pwned = 1'> text",
    "<svg onload='window.pwned = 1'><animate onbegin='window.pwned = 1'></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror='window.pwned = 1'>",
    "[link](javascript:window.pwned=1)",
    "[link](java\nscript:window.pwned=1)",
    "[link](data:text/html;base64,PHNjcmlwdD4=)",
    "[link]: vbscript:x\n\n[link]",
    "<javascript:window.pwned=1>",
    "![picture](https://elsewhere.example/p.png?secret)",
    "![picture](data:image/svg+xml,<svg onload='window.pwned=1'>)",
    '!["><script>window.pwned=1</script>](https://elsewhere.example/p.png)',
    '[x](https://a.example "\'\\"><img src=x onerror=window.pwned=1>")',
    "<iframe src='javascript:window.pwned=1'></iframe>",
    "<a href='https://a.example' onclick='window.pwned=1' style='position:fixed;inset:0'>x</a>",
    "<form action='/api/v1/auth/sign-out'><button>x</button></form>",
    "<style>body { display: none }</style>",
    '```"><img src=x onerror=window.pwned=1>\n<script>window.pwned = 1</script>\n```',
    "> - <b onmouseover='window.pwned=1'>\n\n| <script>1</script> |\n|---|\n| <img src=x onerror=window.pwned=1> |",
]
FORBIDDEN = {"script", "style", "svg", "math", "iframe", "form", "img"}
RENDER = """async (text) => {
  const { GrowingText, isShown, nodesOf } = await import("/static/app/markdown.js");
  const place = document.createElement("div");
  for (const token of new GrowingText().tokens(text, true).filter(isShown)) place.append(nodesOf(token));
  document.body.append(place);
  await new Promise(requestAnimationFrame);
  const all = [...place.querySelectorAll("*")];
  const found = {
    elements: all.map((element) => element.localName),
    attributes: all.flatMap((element) => element.getAttributeNames()),
    targets: all.flatMap((element) => [element.getAttribute("href"), element.getAttribute("src")]).filter(Boolean),
    pwned: window.pwned ?? null,
  };
  place.remove();
  return found;
}"""
GROW = """async (text) => {
  const { GrowingText, isShown, nodesOf } = await import("/static/app/markdown.js");
  const drawn = (tokens) => {
    const place = document.createElement("div");
    for (const token of tokens.filter(isShown)) place.append(nodesOf(token));
    return place.innerHTML;
  };
  const growing = new GrowingText();
  for (let end = 1; end <= text.length; end += 1) {
    const soFar = text.slice(0, end);
    const [pieces, whole] = [drawn(growing.tokens(soFar, false)), drawn(new GrowingText().tokens(soFar, true))];
    if (pieces !== whole) return [soFar, pieces, whole];
  }
  return null;
}"""
LETTER = """Intro
===

one
two

1. a

2. b
   - c

   more

> said
lazily

| a | b |
|---|---|
| 1 | 2 |

text
- item

\tindented

```py
x

y
```
***
[a]: https://a.example

see [a] and <b>raw</b>

# Heading
- [ ] to do
- [x] done
"""


@pytest.fixture
def modules(stranger: Page, site: Server) -> Page:
    """A page on which the modules can be tried one by one."""
    stranger.goto(site.url)
    return stranger


def test_hostile_markdown_is_inert(modules: Page) -> None:
    for text in HOSTILE:
        found = modules.evaluate(RENDER, text)

        assert found["pwned"] is None, text
        assert not FORBIDDEN & set(found["elements"]), text
        assert not [name for name in found["attributes"] if name.startswith("on") or name == "style"], text
        assert all(re.match("https?:|mailto:", target) for target in found["targets"]), text


def test_a_text_parsed_as_it_grows_reads_like_the_whole(modules: Page) -> None:
    assert modules.evaluate(GROW, LETTER) is None


def test_events_are_the_same_wherever_the_stream_is_cut(modules: Page) -> None:
    stream = (
        ': hi\r\n\r\nretry: 5000\n\nevent: a\nid: 1:1\ndata: {"x":\ndata: 1}\n\r'
        "data:y\r\rid: 1:2\nevent: b\ndata: z\n\n"
    )

    every_cut = modules.evaluate(
        """async (stream) => {
          const { Frames } = await import("/static/app/stream.js");
          const cuts = Array.from({ length: stream.length + 1 }, (_, at) => [stream.slice(0, at), stream.slice(at)]);
          return [...cuts, [...stream]].map((pieces) => {
            const frames = new Frames();
            return JSON.stringify(pieces.flatMap((piece) => [...frames.feed(piece)]));
          });
        }""",
        stream + "\n",
    )

    assert len(set(every_cut)) == 1
    assert json.loads(every_cut[0]) == [
        {"event": "a", "id": "1:1", "data": '{"x":\n1}'},
        {"event": "message", "id": "1:1", "data": "y"},
        {"event": "b", "id": "1:2", "data": "z"},
    ]


def test_formulas_are_set_by_the_browser_and_money_is_not(modules: Page) -> None:
    found = modules.evaluate(
        """async (text) => {
          const { GrowingText, isShown, nodesOf } = await import("/static/app/markdown.js");
          const place = document.createElement("div");
          for (const token of new GrowingText().tokens(text, true).filter(isShown)) place.append(nodesOf(token));
          document.body.append(place);
          const set = () => place.querySelectorAll("math").length;
          for (let tries = 0; tries < 100 && set() < 2; tries += 1) await new Promise((go) => setTimeout(go, 50));
          return { set: set(), text: place.textContent, links: place.querySelectorAll("[href], [style]").length };
        }""",
        "Euler: $e^{i\\pi}+1=0$, for $5 or $6.\n\n$$\\frac{a}{b}\\,\\mathrm{d}x$$\n\n$\\href{javascript:alert(1)}{x}$",
    )

    assert found["set"] == 2
    assert "for $5 or $6." in found["text"]
    assert found["links"] == 0


CODE = {
    "py": '@cached\ndef half(n: int) -> float:\n    """Of "n"."""\n    return n / 2.5e3  # never more\n',
    "js": "const a = `x ${b}`; // c\n/* open\n",
    "sql": "SELECT name FROM people WHERE age > 3 -- grown\n",
    "html": "<!-- note --><a href=\"x\" onclick='window.pwned=1'>text</a><script>window.pwned=1</script>",
    "json": '{"name": "Ana", "age": 3, "is": true}',
    "brainfuck": "++[>++<-]",
}


def test_code_is_coloured_and_says_what_it_said(modules: Page) -> None:
    for language, code in CODE.items():
        found = modules.evaluate(
            """async ([language, code]) => {
              const { pieces } = await import("/static/app/highlight.js");
              const found = pieces(code, language);
              const text = found.map(([, text]) => text).join("");
              return { text, kinds: found.map(([kind]) => kind).filter(Boolean) };
            }""",
            [language, code],
        )

        assert found["text"] == code
        assert bool(found["kinds"]) == (language != "brainfuck")


def test_code_within_a_list_is_coloured_and_inert(modules: Page) -> None:
    found = modules.evaluate(
        """async (text) => {
          const { GrowingText, isShown, nodesOf } = await import("/static/app/markdown.js");
          const place = document.createElement("div");
          for (const token of new GrowingText().tokens(text, true).filter(isShown)) place.append(nodesOf(token));
          document.body.append(place);
          while (!place.querySelector(".code-word")) await new Promise((go) => setTimeout(go, 10));
          const others = place.querySelectorAll("code *:not(span)").length;
          return [place.querySelector("code").textContent, others, window.pwned ?? null];
        }""",
        f"- So:\n\n  ```html\n  {CODE['html']}\n  ```\n",
    )

    assert found == [CODE["html"], 0, None]
