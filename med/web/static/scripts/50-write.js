// textarea[data-md]: a small toolbar, Ctrl+B and Ctrl+I, and a paste from Word or Outlook that keeps its structure.
const { text, element, whenever } = globalThis.med;

/** Put words in place of the selection, as if typed: only so does the browser's undo still work. */
function type(area, words) {
  area.focus();
  document.execCommand("insertText", false, words);
}

function surround(area, mark) {
  const { selectionStart: from, selectionEnd: to, value } = area;
  type(area, mark + value.slice(from, to) + mark);
  area.setSelectionRange(from + mark.length, to + mark.length);
}

/** Put a mark before each chosen line, or take it away again. */
function list(area, mark) {
  const { value } = area;
  const from = value.lastIndexOf("\n", area.selectionStart - 1) + 1;
  const to = (value + "\n").indexOf("\n", area.selectionEnd);
  const before = value.slice(from, to);
  const plain = before.replace(/^(- |\d+\. )/gm, "");
  const marked = plain.replace(/^/gm, mark);
  area.setSelectionRange(from, to);
  type(area, before === marked ? plain : marked);
}

function link(area) {
  const from = area.selectionStart;
  const words = area.value.slice(from, area.selectionEnd) || text("linkText");
  const address = "https://";
  type(area, `[${words}](${address})`);
  const end = from + words.length + 3 + address.length;
  area.setSelectionRange(end, end);
}

const tools = {
  bold: (area) => surround(area, "**"),
  italic: (area) => surround(area, "*"),
  list: (area) => list(area, "- "),
  numbers: (area) => list(area, "1. "),
  link,
};
const shortcuts = { b: "bold", i: "italic" };

function addToolbar(area) {
  const bar = element("div", { class: "toolbar", role: "group", "aria-label": text("toolbar") });
  for (const [name, use] of Object.entries(tools)) {
    const button = element("button", { type: "button", class: "btn btn--q btn--s" }, text(name));
    button.addEventListener("click", () => use(area));
    bar.append(button);
  }
  area.before(bar);
  area.addEventListener("keydown", (event) => {
    const name = shortcuts[event.key];
    if (name && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      tools[name](area);
    }
  });
  area.addEventListener("paste", pasted);
}

// ——— From Word's HTML to Markdown ———

function wrapped(words, mark) {
  return words.replace(/\S[^]*\S|\S/, mark + "$&" + mark);
}

function item(depth, mark, words) {
  return `${"   ".repeat(depth)}${mark} ${words.trim()}\n`;
}

/** Word writes a list item as a paragraph that begins with its bullet or number. */
function wordListItem(node, words) {
  const [, level = 1] = /level(\d)/.exec(node.dataset.style) ?? [];
  const [marker] = /^\s*([·•o§▪–-]|\(?\w{1,3}[.)])\s+/.exec(words) ?? [""];
  return item(level - 1, /\w[.)]/.test(marker) ? "1." : "-", words.slice(marker.length));
}

function markdown(node, depth = 0) {
  if (node.nodeType === Node.TEXT_NODE) {
    return node.textContent.replace(/\s+/g, " ");
  }
  const tag = node.tagName;
  if (!tag || node.matches("style, script, title, xml")) {
    return "";
  }
  const isList = tag === "UL" || tag === "OL";
  const inside = isList ? depth + 1 : depth;
  const words = [...node.childNodes].map((child) => markdown(child, inside)).join("");
  const plain = words.trim();
  if (node.matches("[class*=MsoListParagraph]")) {
    return wordListItem(node, words);
  }
  if (isList) {
    return `\n${words}\n`;
  }
  switch (tag) {
    case "LI":
      return item(Math.max(depth - 1, 0), node.parentElement.tagName === "OL" ? "1." : "-", words.replace(/\n{2,}/g, "\n"));
    case "TD":
    case "TH":
      return node.nextElementSibling ? `${plain} | ` : plain;
    case "TR":
    case "BR":
      return `${words}\n`;
    case "B":
    case "STRONG":
      // Some programs wrap everything in a <b> that is not bold.
      return /weight: ?(normal|400)/.test(node.dataset.style) ? words : wrapped(words, "**");
    case "I":
    case "EM":
      return wrapped(words, "*");
    case "H1":
    case "H2":
    case "H3":
      return plain && `\n\n### ${plain}\n\n`;
    case "P":
    case "DIV":
      return plain && `\n${plain}\n\n`;
    case "A":
      return /^(https?|mailto):/.test(node.getAttribute("href")) ? `[${plain}](${node.getAttribute("href")})` : words;
    default:
      return words;
  }
}

function fromHtml(html) {
  // The page's policy refuses styles even in a document that is only read; kept under another name they tell the level.
  const harmless = html.replace(/<style[^]*?<\/style>/gi, "").replace(/(<[^>]*\s)style=/gi, "$1data-style=");
  const parsed = new DOMParser().parseFromString(harmless, "text/html");
  return markdown(parsed.body)
    .replace(/ +\n/g, "\n")
    .replace(/\n (?=\S)/g, "\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}

function pasted(event) {
  const html = event.clipboardData?.getData("text/html");
  if (!html) {
    return;
  }
  event.preventDefault();
  type(event.currentTarget, fromHtml(html));
}

whenever("textarea[data-md]", addToolbar);
