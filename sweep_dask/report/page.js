{# A click on a heading sorts; a second one turns the order around. Missing values stay last, and
   rows within their group. The page can be read without it. #}
"use strict";
const MISSING = "\u2013";

/** What a cell is sorted by: its exact number, the number it shows, or its text. */
function sortKey(cell) {
  const exact = cell.dataset.value ?? cell.textContent.trim();
  if (exact === "" || exact === MISSING) return null;
  const plain = exact.replace("\u2212", "-").replaceAll(",", "");
  const number = cell.dataset.value === undefined ? parseFloat(plain) : Number(plain);
  return /^[-+]?[\d.]/.test(plain) && !/\d-\d/.test(plain) && !Number.isNaN(number) ? number : exact;
}

function compare(one, other) {
  if (one === null || other === null) return (one === null) - (other === null);
  if (typeof one === "number" && typeof other === "number") return one - other;
  return String(one).localeCompare(String(other), "en", { numeric: true });
}

/** Heading cells that stand above one column, each with the number of that column. */
function columnHeadings(table) {
  const taken = [];
  const found = [];
  [...table.tHead.rows].forEach((row, line) => {
    let column = 0;
    for (const heading of row.cells) {
      while (taken[line]?.[column]) column += 1;
      for (let down = 0; down < heading.rowSpan; down += 1) {
        taken[line + down] ??= [];
        for (let right = 0; right < heading.colSpan; right += 1) taken[line + down][column + right] = true;
      }
      if (heading.colSpan === 1) found.push([heading, column]);
      column += heading.colSpan;
    }
  });
  return found;
}

function sortBy(table, heading, column) {
  const turn = heading.getAttribute("aria-sort") === "descending" ? 1 : -1;
  for (const other of table.tHead.querySelectorAll("th")) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", turn === 1 ? "ascending" : "descending");
  for (const body of table.tBodies) {
    const rows = [...body.rows].filter((row) => !row.classList.contains("group"));
    const keyed = rows.map((row) => [sortKey(row.cells[column]), row]);
    keyed.sort(([one], [other]) =>
      one === null || other === null ? compare(one, other) : turn * compare(one, other));
    body.append(...keyed.map(([, row]) => row));
  }
}

for (const table of document.querySelectorAll("table.sortable")) {
  for (const [heading, column] of columnHeadings(table)) {
    const button = document.createElement("button");
    button.type = "button";
    button.title = "Sort by this column";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => sortBy(table, heading, column));
  }
}

const unfold = document.querySelector("#unfold");
if (unfold) {
  unfold.hidden = false;
  unfold.addEventListener("click", () => {
    for (const part of document.querySelectorAll("details")) part.open = true;
  });
}
