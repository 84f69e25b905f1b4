(function () {
  var section = document.getElementById("replay"), held = document.getElementById("replay-data");
  if (!held) { return; }
  var heads = JSON.parse(held.textContent), root = document.documentElement;
  var LIGHTS = { G: "#009e73", g: "#009e73", y: "#e0a800", Y: "#e0a800", r: "#d55e00", R: "#d55e00", u: "#d55e00" };
  var LENGTH_M = { bus: 11.5, truck: 8, motorcycle: 2.2, bicycle: 1.8 }, CAR_M = 4.6, WIDE_M = 1.9;
  var MOVING = "#1f6fb2", STANDING = "#8a1254", FOLLOWED = "#e69f00";
  var state = { shown: 0, at: 0, playing: false, speed: 5, person: -1, last: 0, box: null };
  var views = Array.from(section.querySelectorAll("canvas")).map(function (canvas) {
    return { canvas: canvas, pen: canvas.getContext("2d"), counts: canvas.parentNode.querySelector("output") };
  });
  var loaded = {}, now = null;
  function part(name) { return section.querySelector("[data-replay=" + name + "]"); }
  function pick(words) { return words[root.lang === "en" ? 1 : 0]; }
  function clock(s) {
    var whole = Math.floor(s);
    return [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60].map(function (n) { return ("0" + n).slice(-2); }).join(":");
  }

  function summed(bytes, Kind, from, side, out) {
    // Steps back to positions: every vehicle begins anew.
    var steps = new Kind(bytes, from, out.length), k = 0;
    side.vehicles.forEach(function (one) {
      for (var n = 0, value = 0; n < one[3]; n += 1, k += 1) { value += steps[k]; out[k] = value; }
    });
    return out;
  }
  function decode(side) {
    var text = atob(side.points), bytes = new Uint8Array(text.length);
    for (var i = 0; i < text.length; i += 1) { bytes[i] = text.charCodeAt(i); }
    var stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Response(stream).arrayBuffer().then(function (raw) {
      var n = raw.byteLength / 5, k = 0;
      side.x = summed(raw, Int16Array, 0, side, new Int32Array(n));
      side.y = summed(raw, Int16Array, 2 * n, side, new Int32Array(n));
      side.turn = summed(raw, Uint8Array, 4 * n, side, new Uint8Array(n));
      side.tracks = side.vehicles.map(function (one) {
        var track = { person: one[0], length: LENGTH_M[one[1]] || CAR_M, first: one[2], last: one[2] + one[3] - 1, at: k };
        k += one[3];
        return track;
      });
      side.points = "";
    });
  }
  function load(i) {
    var source = section.querySelectorAll(".replay-picture")[i];
    if (!loaded[i]) {
      var picture = JSON.parse(source.textContent);
      source.textContent = "";
      loaded[i] = Promise.all(picture.sides.map(decode)).then(function () { return picture; });
    }
    return loaded[i].then(function (picture) {
      if (i !== state.shown) { return; }
      now = picture;
      part("at").max = picture.end_s - picture.begin_s;
      look([0, 0], Infinity);
      section.dataset.ready = "yes";
    });
  }

  function lay() {
    if (!now) { return; }
    var box = state.box;
    views.forEach(function (view, i) {
      var canvas = view.canvas, ratio = window.devicePixelRatio || 1;
      canvas.width = Math.max(canvas.clientWidth, 320) * ratio;
      canvas.height = Math.round(canvas.width * (box[3] - box[1]) / (box[2] - box[0]));
      view.scale = canvas.width / (box[2] - box[0]);
      var ground = view.ground = document.createElement("canvas"), pen, side = now.sides[i];
      ground.width = canvas.width; ground.height = canvas.height;
      pen = ground.getContext("2d");
      pen.fillStyle = "#fbfcfd"; pen.fillRect(0, 0, ground.width, ground.height);
      pen.lineCap = "round"; pen.strokeStyle = "#dfe4ea"; pen.lineWidth = 3 * view.scale;
      pen.beginPath();
      side.ways.forEach(function (way) { pen.moveTo(x(view, way[0]), y(view, way[1])); pen.lineTo(x(view, way[2]), y(view, way[3])); });
      pen.stroke();
      pen.lineCap = "butt"; pen.strokeStyle = "#d2d8df";
      side.lanes.forEach(function (lane) {
        pen.lineWidth = Math.max(0.93 * lane[0] * view.scale, 1);
        pen.beginPath();
        lane[1].forEach(function (p) { pen.lineTo(x(view, p[0]), y(view, p[1])); });
        pen.stroke();
      });
    });
    draw();
  }
  function x(view, metres) { return (metres - state.box[0]) * view.scale; }
  function y(view, metres) { return view.canvas.height - (metres - state.box[1]) * view.scale; }
  function look(middle, wide) {
    // One box for both sides, never wider than what was recorded and never beyond its edges.
    var frame = now.frame_m, width = Math.min(wide, frame[2] - frame[0]), high = width * (frame[3] - frame[1]) / (frame[2] - frame[0]);
    var left = Math.min(Math.max(middle[0] - width / 2, frame[0]), frame[2] - width);
    var low = Math.min(Math.max(middle[1] - high / 2, frame[1]), frame[3] - high);
    state.box = [left, low, left + width, low + high];
    lay();
  }
  function zoom(factor) {
    var box = state.box;
    if (box) { look([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2], (box[2] - box[0]) * factor); }
  }

  function signal(changes, at) {
    var found = "";
    for (var i = 0; i < changes.length && changes[i][0] <= at; i += 1) { found = changes[i][1]; }
    return found;
  }
  function place(side, track, at, out) {
    // Where a vehicle is between two seconds; false where it is not on the picture.
    if (at < track.first || at > track.last) { return false; }
    var second = Math.min(Math.floor(at), track.last - 1), k, part, turned;
    if (track.first === track.last) { second = track.first; }
    k = track.at + second - track.first; part = at - second;
    var next = track.first === track.last ? k : k + 1;
    out.x = now.frame_m[0] + now.unit_m * (side.x[k] + (side.x[next] - side.x[k]) * part);
    out.y = now.frame_m[1] + now.unit_m * (side.y[k] + (side.y[next] - side.y[k]) * part);
    turned = ((side.turn[next] - side.turn[k] + 384) % 256) - 128;
    out.angle = (side.turn[k] + turned * part) * Math.PI / 128;
    out.stands = side.x[next] === side.x[k] && side.y[next] === side.y[k];
    return true;
  }
  function body(pen, view, out, length) {
    var long = Math.max(length * view.scale, 4), half = Math.max(WIDE_M * view.scale, 2.4) / 2;
    var ax = Math.sin(out.angle), ay = -Math.cos(out.angle);
    var px = x(view, out.x), py = y(view, out.y);
    pen.moveTo(px - ay * half, py + ax * half);
    pen.lineTo(px + ay * half, py - ax * half);
    pen.lineTo(px - ax * long + ay * half, py - ay * long - ax * half);
    pen.lineTo(px - ax * long - ay * half, py - ay * long + ax * half);
    pen.closePath();
  }
  function draw() {
    if (!now) { return; }
    var out = { x: 0, y: 0, angle: 0, stands: false };
    views.forEach(function (view, i) {
      var pen = view.pen, side = now.sides[i], counts = [0, 0], ring = null;
      pen.drawImage(view.ground, 0, 0);
      pen.lineWidth = Math.max(2.2 * view.scale, 3.5);
      var states = {};
      Object.keys(side.signals).forEach(function (id) { states[id] = signal(side.signals[id], state.at); });
      side.lights.forEach(function (light) {
        pen.strokeStyle = LIGHTS[(states[light[4]] || "")[light[5]]] || "#8d959e";
        pen.beginPath(); pen.moveTo(x(view, light[0]), y(view, light[1])); pen.lineTo(x(view, light[2]), y(view, light[3])); pen.stroke();
      });
      [MOVING, STANDING].forEach(function (colour, standing) {
        pen.fillStyle = colour;
        pen.beginPath();
        side.tracks.forEach(function (track) {
          if (!place(side, track, state.at, out) || out.stands !== Boolean(standing)) { return; }
          counts[standing] += 1;
          body(pen, view, out, track.length);
          if (track.person === state.person) { ring = [x(view, out.x), y(view, out.y)]; }
        });
        pen.fill();
      });
      if (ring) {
        pen.strokeStyle = FOLLOWED; pen.lineWidth = 3 * (window.devicePixelRatio || 1);
        pen.beginPath(); pen.arc(ring[0], ring[1], 12 * (window.devicePixelRatio || 1), 0, 7); pen.stroke();
      }
      view.counts.textContent = pick(heads.words.counts).replace("{n}", counts[0] + counts[1]).replace("{m}", counts[1]);
    });
    part("at").value = state.at;
    part("clock").textContent = clock(now.begin_s + state.at);
    part("at").setAttribute("aria-valuetext", clock(now.begin_s + state.at));
  }
  function step(moment) {
    if (!state.playing) { return; }
    var last = now.end_s - now.begin_s;
    state.at = Math.min(state.at + state.speed * Math.min((moment - state.last) / 1000, 0.25), last);
    state.last = moment;
    if (state.at >= last) { play(false); }
    draw();
    window.requestAnimationFrame(step);
  }
  function play(wanted) {
    state.playing = wanted && Boolean(now);
    part("play").textContent = pick(state.playing ? heads.words.pause : heads.words.play);
    if (state.playing) {
      if (state.at >= now.end_s - now.begin_s) { state.at = 0; }
      state.last = window.performance.now();
      window.requestAnimationFrame(step);
    }
  }
  function present() {
    // Who is on both pictures now, in order.
    var out = {}, seen = now.sides.map(function (side) {
      return side.tracks.filter(function (track) { return place(side, track, state.at, out); }).map(function (track) { return track.person; });
    });
    return seen[0].filter(function (one) { return seen[1].indexOf(one) >= 0; }).sort(function (a, b) { return a - b; });
  }
  function follow(person) { state.person = person; draw(); }
  function show(i) {
    play(false);
    state.shown = i; state.at = 0; state.person = -1; now = null;
    part("said").textContent = pick(heads.pictures[i].said);
    return load(i);
  }
  function words() {
    var select = part("picture");
    select.textContent = "";
    heads.pictures.forEach(function (one, i) {
      var option = document.createElement("option");
      option.value = i; option.textContent = pick(one.name); option.selected = i === state.shown;
      select.appendChild(option);
    });
    part("said").textContent = pick(heads.pictures[state.shown].said);
    part("play").textContent = pick(state.playing ? heads.words.pause : heads.words.play);
    draw();
  }

  if (typeof DecompressionStream === "undefined") { part("old").hidden = false; return; }
  part("picture").addEventListener("change", function () { show(+this.value); });
  part("play").addEventListener("click", function () {
    var wanted = !state.playing;
    load(state.shown).then(function () { play(wanted); });
  });
  part("at").addEventListener("input", function () { state.at = +this.value; draw(); });
  part("speed").addEventListener("change", function () { state.speed = +this.value; });
  part("next").addEventListener("click", function () {
    load(state.shown).then(function () {
      var both = present(), later = both.filter(function (one) { return one > state.person; });
      follow(later.length ? later[0] : both.length ? both[0] : -1);
    });
  });
  part("in").addEventListener("click", function () { zoom(0.6); });
  part("out").addEventListener("click", function () { zoom(1 / 0.6); });
  views.forEach(function (view, i) {
    var from = null, dragged = false;
    view.canvas.addEventListener("mousedown", function (event) { from = [event.clientX, event.clientY]; dragged = false; });
    view.canvas.addEventListener("mousemove", function (event) {
      if (!from || !now) { return; }
      var pixel = (state.box[2] - state.box[0]) / view.canvas.clientWidth, dx = event.clientX - from[0], dy = event.clientY - from[1];
      if (!dragged && Math.abs(dx) + Math.abs(dy) < 4) { return; }
      dragged = true;
      from = [event.clientX, event.clientY];
      look([(state.box[0] + state.box[2]) / 2 - dx * pixel, (state.box[1] + state.box[3]) / 2 + dy * pixel], state.box[2] - state.box[0]);
    });
    ["mouseup", "mouseleave"].forEach(function (name) { view.canvas.addEventListener(name, function () { from = null; }); });
    view.canvas.addEventListener("click", function (event) {
      if (!now || dragged) { return; }
      var box = view.canvas.getBoundingClientRect(), out = {}, best = 144, person = -1, ratio = view.canvas.width / box.width;
      now.sides[i].tracks.forEach(function (track) {
        if (!place(now.sides[i], track, state.at, out)) { return; }
        var dx = x(view, out.x) / ratio - (event.clientX - box.left), dy = y(view, out.y) / ratio - (event.clientY - box.top);
        if (dx * dx + dy * dy < best) { best = dx * dx + dy * dy; person = track.person; }
      });
      follow(person);
    });
  });
  document.addEventListener("huandu-language", words);
  window.addEventListener("resize", lay);
  section.querySelector(".replaybar").hidden = false;
  words();
  new IntersectionObserver(function (seen, watch) {
    if (seen.some(function (one) { return one.isIntersecting; })) { watch.disconnect(); load(state.shown); }
  }, { rootMargin: "400px" }).observe(section);
})();
