// What tests/e2e/test_accessible_in_browser.py asks of the page: contrast, names, order, headings.
function shown(e) { return e.getClientRects().length > 0 && getComputedStyle(e).visibility !== "hidden"; }
function rgba(text) { var n = text.match(/[\d.]+/g).map(Number); return n.length > 3 ? n : n.concat(1); }
function light(c) {
  var l = c.slice(0, 3).map(function (v) { v /= 255; return v <= 0.03928 ? v / 12.92 : Math.pow((v + 0.055) / 1.055, 2.4); });
  return 0.2126 * l[0] + 0.7152 * l[1] + 0.0722 * l[2];
}
function behind(e) {
  for (; e; e = e.parentElement) { var c = rgba(getComputedStyle(e).backgroundColor); if (c[3] === 1) { return c; } }
  return [255, 255, 255, 1];
}
var pale = [], texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), node;
var tested = 0;
while ((node = texts.nextNode())) {
  var e = node.parentElement, style = getComputedStyle(e);
  if (!node.data.trim() || !shown(e) || /^(SCRIPT|STYLE|OPTION)$/.test(e.tagName) || e.closest("svg")) { continue; }
  var a = light(rgba(style.color)), b = light(behind(e)), ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  var size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
  tested += 1;
  if (ratio < (large ? 3 : 4.5)) { pale.push(node.data.trim().slice(0, 30) + " " + ratio.toFixed(2)); }
}
function named(e) {
  return (e.getAttribute("aria-label") || e.textContent || (e.labels && e.labels[0] && e.labels[0].textContent) || "").trim();
}
var reached = all("a[href], button, input, select, summary, [tabindex]").filter(shown);
var ids = all("[id]").map(function (e) { return e.id; });
var levels = all("h1, h2, h3, h4").filter(shown).map(function (e) { return +e.tagName[1]; });
await tell({
  tested: tested, pale: pale,
  nameless: reached.filter(function (e) { return !named(e); }).map(function (e) { return e.outerHTML.slice(0, 90); }),
  reached: reached.length,
  order: reached.filter(function (e) { return e.tabIndex > 0; }).length,
  hidden: reached.filter(function (e) { return e.closest("[aria-hidden=true]"); }).length,
  pictures: all("img, canvas, svg[role]").filter(function (e) { return !(e.alt || e.getAttribute("aria-label")); }).length,
  twice: ids.filter(function (id, i) { return ids.indexOf(id) !== i; }),
  broken: all("[aria-describedby], [aria-labelledby], a[href^='#']").filter(function (e) {
    var id = e.getAttribute("aria-describedby") || e.getAttribute("aria-labelledby") || e.getAttribute("href").slice(1);
    return !document.getElementById(id);
  }).length,
  first: levels[0], jumps: levels.filter(function (l, i) { return i && l > levels[i - 1] + 1; }).length,
  lang: document.documentElement.lang, title: document.title, map: one("svg[data-view=change]").getAttribute("aria-label")
});
