(function () {
  var boxes = Array.from(document.querySelectorAll("[data-filter]")), said = document.querySelector("[data-filter-count]");
  if (!boxes.length) { return; }
  function filter() {
    var kept = boxes.filter(function (box) { return box.checked; }).map(function (box) { return box.dataset.filter; });
    var rows = Array.from(document.querySelectorAll("tr[data-verdict]"));
    rows.forEach(function (row) { row.hidden = kept.indexOf(row.dataset.verdict) < 0; });
    var own = rows.filter(function (row) { return row.id; });
    said.textContent = own.filter(function (row) { return !row.hidden; }).length + " / " + own.length;
  }
  boxes.forEach(function (box) { box.addEventListener("change", filter); });
  document.querySelector(".filters").hidden = false;
  filter();
})();
