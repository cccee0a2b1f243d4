// Text and numbers on the page. Names come from outside: they enter HTML through `safe` only.

const byId = (id) => document.getElementById(id);
const NONE = "–";

function safe(text) {
  return String(text).replace(/[&<>"'`]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

// An address below the page; a name with slashes stands for folders.
function address(...names) {
  return names.flatMap((name) => name.split("/")).map(encodeURIComponent).join("/");
}

// A value as the tables print it: no minus before a zero.
function printed(value, decimals) {
  if (value === null) return NONE;
  if (!Number.isFinite(value)) return "∞";
  const text = value.toFixed(decimals);
  return /^-0(\.0*)?$/.test(text) ? text.slice(1) : text;
}

function counted(number, one, many) {
  return `${number} ${number === 1 ? one : many}`;
}

// Fills a part of the page. The focus stays on the element of the same id, so that a press on a head of a column
// does not throw it away.
function fill(target, html) {
  const held = target.contains(document.activeElement) ? document.activeElement.id : "";
  const scrolled = [...target.querySelectorAll(".scroll")].map((box) => [box.scrollLeft, box.scrollTop]);
  target.innerHTML = html;
  [...target.querySelectorAll(".scroll")].forEach((box, k) => {
    if (scrolled[k]) [box.scrollLeft, box.scrollTop] = scrolled[k];
  });
  if (held) byId(held)?.focus({ preventScroll: true });
}

function options(pairs, chosen) {
  const mark = (value) => (value === chosen ? " selected" : "");
  return pairs.map(([value, label]) => `<option value="${safe(value)}"${mark(value)}>${safe(label)}</option>`).join("");
}

// Calls `action(element, event)` for events of elements inside `root` that fit `selector`, whenever they were made.
function on(root, type, selector, action) {
  root.addEventListener(type, (event) => {
    const found = event.target instanceof Element ? event.target.closest(selector) : null;
    if (found && root.contains(found)) action(found, event);
  });
}

// A head of a column that sorts. `sort` is {column, down} or undefined, `down` says that the largest stand on top.
function sortHead(id, column, label, sort, extra = "") {
  const active = sort?.column === column;
  const order = active ? (sort.down ? "descending" : "ascending") : "none";
  const sign = active ? (sort.down ? "▾" : "▴") : "";
  const named = `id="${safe(id)}" data-column="${safe(column)}"`;
  const button = `<button type="button" ${named}>${label}<span class="sign" aria-hidden="true">${sign}</span></button>`;
  return `<th scope="col" aria-sort="${order}"${extra}>${button}</th>`;
}

// A table with heads that do not sort; those that begin with "#" stand over numbers.
function plainTable(heads, lines, kind = "") {
  const cells = heads.map((head) => {
    const over = head.startsWith("#") ? ' class="number"' : "";
    return `<th scope="col"${over}>${safe(head.replace(/^#/, ""))}</th>`;
  });
  const top = heads.length ? `<thead><tr>${cells.join("")}</tr></thead>` : "";
  return `<table class="${kind}">${top}<tbody>${lines.join("")}</tbody></table>`;
}

// A box in which a wide or long table scrolls, by keys as well.
function scrollBox(label, table) {
  return `<div class="scroll" tabindex="0" role="region" aria-label="${safe(label)}">${table}</div>`;
}

// What the next press on a head does: best first, worst first, then the order of the report.
function nextSort(sort, column, bestDown) {
  if (sort?.column !== column) return { column, down: bestDown };
  return sort.down === bestDown ? { column, down: !bestDown } : undefined;
}

// Compares two numbers or texts; null comes last whatever the direction.
function compare(a, b, down) {
  if (a === null || b === null) return (a === null) - (b === null);
  const order = typeof a === "string" ? a.localeCompare(b, "en", { numeric: true }) : a === b ? 0 : a < b ? -1 : 1;
  return down ? -order : order;
}
