(function () {
  var held = document.getElementById("map-data");
  if (!held) { return; }
  var data = JSON.parse(held.textContent), space = "http://www.w3.org/2000/svg";
  var COLOURS = { improved: "#009e73", worse: "#d55e00", equivalent: "#8d959e" };
  var NEW = "#e69f00";
  var OPEN = ["（", " ("], CLOSE = ["）：", "): "], COMMA = ["，", ", "];
  var GRADES = ["#c3cfdb", "#8fb0cf", "#5b86b5", "#2d5b95", "#08264f"];
  var root = document.documentElement, tip = document.getElementById("map-tip");
  var state = { arm: 0, period: 0, step: 0 };
  function pick(words) { return words[root.lang === "en" ? 1 : 0]; }
  function part(name) { return document.querySelector("[data-map=" + name + "]"); }
  function clock(s) {
    var minutes = Math.round(s / 60);
    return s < 0 || s > 90000 ? s + " s" : ("0" + Math.floor(minutes / 60)).slice(-2) + ":" + ("0" + minutes % 60).slice(-2);
  }
  function draw(kind, attributes, into) {
    var one = document.createElementNS(space, kind);
    Object.keys(attributes).forEach(function (name) { one.setAttribute(name, attributes[name]); });
    into.appendChild(one);
    return one;
  }
  function path(line) { return "M" + line.map(function (p) { return p[0] + " " + -p[1]; }).join("L"); }

  var xs = [], ys = [];
  data.edges.forEach(function (edge) { edge.line.forEach(function (p) { xs.push(p[0]); ys.push(-p[1]); }); });
  function least(list) { return list.reduce(function (a, b) { return Math.min(a, b); }); }
  function most(list) { return list.reduce(function (a, b) { return Math.max(a, b); }); }
  var margin = Math.max(20, 0.03 * (most(xs) - least(xs)));
  var whole = [least(xs) - margin, least(ys) - margin, most(xs) - least(xs) + 2 * margin, most(ys) - least(ys) + 2 * margin];
  if (whole[3] < whole[2] * 0.62) { whole[1] -= (whole[2] * 0.62 - whole[3]) / 2; whole[3] = whole[2] * 0.62; }
  if (whole[3] > whole[2] * 1.1) { whole[0] -= (whole[3] / 1.1 - whole[2]) / 2; whole[2] = whole[3] / 1.1; }
  var box = whole.slice();
  var views = Array.from(document.querySelectorAll("svg[data-view]")).map(function (svg) {
    var defs = draw("defs", {}, svg), view = { svg: svg, name: svg.dataset.view, lines: [] };
    data.edges.forEach(function (edge) {
      edge.lanes.forEach(function (lane) {
        if (!edge.arm) {
          draw("path", { d: path(lane), class: "lane", "stroke-width": (0.9 * edge.width / edge.lanes.length).toFixed(1) }, svg);
        }
      });
    });
    data.edges.forEach(function (edge, i) {
      var line = draw("path", { d: path(edge.line), class: "link", "data-edge": i }, svg);
      view.lines.push(line);
    });
    view.reaches = data.edges.map(function (edge, i) {
      return draw("path", { d: path(edge.line), class: "reach", "data-edge": i }, svg);
    });
    data.junctions.forEach(function (one, i) {
      draw("circle", { cx: one.at[0], cy: -one.at[1], class: "node", "data-junction": i }, svg);
    });
    return view;
  });

  function frame() {
    views.forEach(function (view) {
      view.svg.setAttribute("viewBox", box.join(" "));
      var pixel = box[2] / Math.max(view.svg.clientWidth, 320);
      view.svg.querySelectorAll("circle").forEach(function (dot) {
        dot.setAttribute("r", ((data.junctions.length > 20 ? 3 : 4.5) * pixel).toFixed(2)); dot.setAttribute("stroke-width", (1.4 * pixel).toFixed(2));
      });
    });
  }
  function now() {
    var arm = data.arms[state.arm], period = data.periods[state.period];
    return {
      arm: arm, period: period, changes: data.changes[arm.id][period.id],
      before: data.levels.baseline[period.id], after: data.levels[arm.id][period.id]
    };
  }
  function there(view, i) { return !data.edges[i].arm || (view.name !== "before" && data.edges[i].arm === now().arm.id); }
  function width(delay) { return delay === null ? 0.7 : 1.6 + 7 * Math.min(delay / data.scale_s, 1); }
  function paint() {
    var shown = now();
    views.forEach(function (view) {
      var change = view.name === "change", levels = view.name === "before" ? shown.before : shown.after;
      var level = levels[change ? 0 : Math.min(state.step, levels.length - 1)];
      view.lines.forEach(function (line, i) {
        var delay = level.delay[i], colour = "#b3bac2", dashes = "none", found = shown.changes[i];
        if (change) {
          if (found) {
            colour = COLOURS[found[0]] || "#8d959e";
            dashes = COLOURS[found[0]] ? "none" : "2 2.4";
          }
        } else if (delay !== null) { colour = GRADES[Math.min(level.grade[i], 4)]; }
        var wide = width(change && !found ? null : delay);
        if (data.edges[i].arm) {
          line.style.display = view.reaches[i].style.display = there(view, i) ? "" : "none";
          if (change) { colour = NEW; }
          dashes = "9 4"; wide = Math.max(wide, 3);
        }
        line.setAttribute("stroke", colour);
        line.setAttribute("stroke-width", wide.toFixed(1));
        line.setAttribute("stroke-dasharray", dashes);
        if (change) { line.setAttribute("data-verdict", found ? found[0] : ""); }
      });
    });
    part("clock").textContent = state.step ? clock(shown.period.steps[state.step - 1]) + "–" + clock(shown.period.steps[state.step - 1] + 900) : pick(data.words.whole);
  }
  function fill(select, items, chosen) {
    select.textContent = "";
    items.forEach(function (one, i) {
      var option = document.createElement("option");
      option.value = i; option.textContent = pick(one.name); option.selected = i === chosen;
      select.appendChild(option);
    });
  }
  function words() {
    fill(part("arm"), data.arms, state.arm);
    fill(part("period"), data.periods, state.period);
    part("step").max = data.periods[state.period].steps.length;
    var legend = part("grades");
    legend.textContent = "";
    data.grades.forEach(function (name, i) {
      var item = document.createElement("span"), svg = draw("svg", { width: 34, height: 10 }, item);
      draw("path", { d: "M2 5h30", stroke: GRADES[i], "stroke-width": 5 }, svg);
      item.appendChild(document.createTextNode(" " + pick(name)));
      legend.appendChild(item);
    });
    paint();
  }
  function lines(i) {
    var shown = now(), edge = data.edges[i], w = data.words, found = shown.changes[i], said = [];
    said.push((edge.name ? edge.name + " · " : "") + edge.id + (edge.arm ? " · " + pick(w.new) : ""));
    ["before", "after"].forEach(function (name) {
      var level = shown[name][Math.min(state.step, shown[name].length - 1)];
      var grade = data.grades[level.grade[i]];
      said.push(pick(w[name]) + pick(OPEN) + part("clock").textContent + pick(CLOSE) + (level.delay[i] === null ? "—" : pick(w.delay) + " " + level.delay[i] + " s/veh" + pick(COMMA) + "n = " + level.n[i] + (grade ? pick(COMMA) + pick(grade) : "")));
    });
    if (found) {
      said.push(pick(w.change) + pick(OPEN) + pick(w.whole) + pick(CLOSE) + found[1] + " → " + found[2] + " s/veh" + pick(COMMA) + found[3] + " " + found[4]);
      said.push(pick(w.vehicles) + " n = " + found[6] + " → " + found[7] + pick(COMMA) + pick(w.pairs) + " " + found[5]);
      said.push(data.marks[found[0]] + " " + pick(w[found[0]]));
    } else if (!edge.arm) { said.push(pick(w.untested)); }
    return said;
  }
  function tell(said, event) {
    tip.textContent = "";
    said.forEach(function (line, i) {
      var row = document.createElement(i ? "div" : "b");
      row.textContent = line; tip.appendChild(row);
    });
    tip.hidden = false;
    tip.style.left = Math.min(event.clientX + 14, window.innerWidth - tip.offsetWidth - 8) + "px";
    tip.style.top = Math.min(event.clientY + 14, window.innerHeight - tip.offsetHeight - 8) + "px";
  }
  function open(i) {
    var shown = now(), found = Array.from(document.querySelectorAll("details[data-junction]")).filter(function (one) {
      return one.dataset.junction === data.junctions[i].id && one.dataset.arm === shown.arm.id && one.dataset.period === shown.period.id;
    })[0];
    for (var outer = found; outer; outer = outer.parentElement.closest("details")) { outer.open = true; }
    if (found) { found.scrollIntoView({ block: "start" }); found.querySelector("summary").focus({ preventScroll: true }); }
  }
  var keyed = { kind: "", at: 0 };
  function mark(view, target) {
    view.svg.querySelectorAll(".keyed").forEach(function (one) { one.classList.remove("keyed"); });
    if (target) { target.classList.add("keyed"); }
  }
  function zoom(factor) {
    box = [box[0] + box[2] * (1 - factor) / 2, box[1] + box[3] * (1 - factor) / 2, box[2] * factor, box[3] * factor];
    frame();
  }
  views.forEach(function (view) {
    var from = null;
    view.svg.addEventListener("mousemove", function (event) {
      if (from) {
        var pixel = box[2] / view.svg.clientWidth;
        box[0] -= (event.clientX - from[0]) * pixel; box[1] -= (event.clientY - from[1]) * pixel;
        from = [event.clientX, event.clientY]; frame();
      }
      var data_ = event.target.dataset;
      if (data_.edge !== undefined) { tell(lines(+data_.edge), event); }
      else if (data_.junction !== undefined) { tell([pick(data.junctions[+data_.junction].name)], event); }
      else { tip.hidden = true; }
    });
    view.svg.addEventListener("mouseleave", function () { tip.hidden = true; from = null; });
    view.svg.addEventListener("mousedown", function (event) { from = [event.clientX, event.clientY]; });
    view.svg.addEventListener("mouseup", function () { from = null; });
    view.svg.addEventListener("click", function (event) {
      if (event.target.dataset.junction !== undefined) { open(+event.target.dataset.junction); }
    });
    view.svg.addEventListener("keydown", function (event) {
      var step = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[event.key];
      if (event.key === "Escape") { tip.hidden = true; mark(view, null); }
      if (event.key === "Enter" && keyed.kind === "junction") { open(keyed.at); }
      if (!step) { return; }
      event.preventDefault();
      var kind = step[0] ? "edge" : "junction", count = (step[0] ? data.edges : data.junctions).length;
      keyed.at = keyed.kind === kind ? (keyed.at + step[0] + step[1] + count) % count : 0;
      keyed.kind = kind;
      while (kind === "edge" && !there(view, keyed.at)) { keyed.at = (keyed.at + step[0] + count) % count; }
      var target = view.svg.querySelector((kind === "edge" ? ".reach" : ".node") + "[data-" + kind + '="' + keyed.at + '"]');
      var place = target.getBoundingClientRect();
      mark(view, target);
      tell(kind === "edge" ? lines(keyed.at) : [pick(data.junctions[keyed.at].name)], { clientX: place.left + place.width / 2, clientY: place.top + place.height / 2 });
    });
    view.svg.addEventListener("blur", function () { tip.hidden = true; mark(view, null); });
  });
  part("arm").addEventListener("change", function () { state.arm = +this.value; paint(); });
  part("period").addEventListener("change", function () { state.period = +this.value; state.step = 0; part("step").value = 0; words(); });
  part("step").addEventListener("input", function () { state.step = +this.value; paint(); });
  part("in").addEventListener("click", function () { zoom(0.7); });
  part("out").addEventListener("click", function () { zoom(1 / 0.7); });
  part("reset").addEventListener("click", function () { box = whole.slice(); frame(); });
  document.addEventListener("huandu-language", words);
  window.addEventListener("resize", frame);
  document.querySelector(".mapbar").hidden = false;
  frame();
  words();
})();
