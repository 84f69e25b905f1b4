"use strict";
(function () {
  var root = document.documentElement;
  function show(lang) {
    root.lang = lang === "en" ? "en" : "zh-CN";
    document.querySelectorAll("[data-switch]").forEach(function (button) {
      button.setAttribute("aria-pressed", String(button.dataset.switch === lang));
    });
    document.querySelectorAll("[data-en]").forEach(function (one) {
      var words = lang === "en" ? one.dataset.en : one.dataset.zh;
      if (one.tagName === "TITLE") { document.title = words; } else { one.setAttribute(one.tagName === "IMG" ? "alt" : "aria-label", words); }
    });
    document.dispatchEvent(new Event("huandu-language"));
  }
  document.querySelectorAll("[data-switch]").forEach(function (button) {
    button.addEventListener("click", function () { show(button.dataset.switch); });
  });
  document.querySelector(".switch").hidden = false;
  show(window.location.hash === "#en" ? "en" : "zh");
  window.addEventListener("beforeprint", function () {
    // Proofs and digests would fill tens of pages: their heads say what they hold.
    document.querySelectorAll("details:not(.long)").forEach(function (one) { one.open = true; });
  });

  // A click on a head sorts the table by that column; another click turns the order round.
  function content(row, column) {
    var cell = row.cells[column], text = "", wanted = root.lang;
    if (!cell) { return ""; }
    var hidden = wanted === "en" ? "zh-CN" : "en";
    cell.childNodes.forEach(function walk(node) {
      if (node.nodeType === 3) { text += node.data; }
      else if (node.lang !== hidden) { node.childNodes.forEach(walk); }
    });
    return text.trim();
  }
  function value(text) {
    var found = text.replace(/\u2212/g, "-").replace(/\u00a0/g, "").match(/[-+]?\d+(\.\d+)?/);
    return found ? parseFloat(found[0]) : NaN;
  }
  function sort(table, column, button) {
    var falling = button.dataset.order === "rising", body = table.tBodies[0], rows = Array.from(body.rows);
    var numbers = rows.map(function (row) { return value(content(row, column)); });
    var numeric = numbers.filter(function (n) { return !isNaN(n); }).length > rows.length / 2;
    var order = rows.map(function (row, i) { return [numeric ? (isNaN(numbers[i]) ? Infinity : numbers[i]) : content(row, column), i]; });
    order.sort(function (a, b) {
      var c = numeric ? a[0] - b[0] : String(a[0]).localeCompare(String(b[0]), root.lang);
      return (falling ? -c : c) || a[1] - b[1];
    });
    order.forEach(function (entry) { body.appendChild(rows[entry[1]]); });
    table.querySelectorAll("thead button").forEach(function (one) { one.dataset.order = ""; one.parentNode.removeAttribute("aria-sort"); });
    button.dataset.order = falling ? "falling" : "rising";
    button.parentNode.setAttribute("aria-sort", falling ? "descending" : "ascending");
  }
  document.querySelectorAll("table.sortable").forEach(function (table) {
    Array.from(table.tHead.rows[0].cells).forEach(function (head, column) {
      var button = document.createElement("button");
      button.type = "button";
      while (head.firstChild) { button.appendChild(head.firstChild); }
      head.appendChild(button);
      button.addEventListener("click", function () { sort(table, column, button); });
    });
  });
})();
