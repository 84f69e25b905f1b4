"use strict";
(function () {
  var root = document.documentElement;
  function show(lang) {
    root.lang = lang === "en" ? "en" : "zh-CN";
    document.querySelectorAll("[data-switch]").forEach(function (button) {
      button.setAttribute("aria-pressed", String(button.dataset.switch === lang));
    });
  }
  document.querySelectorAll("[data-switch]").forEach(function (button) {
    button.addEventListener("click", function () { show(button.dataset.switch); });
  });
  document.querySelector(".switch").hidden = false;
  show(window.location.hash === "#en" ? "en" : "zh");
  window.addEventListener("beforeprint", function () {
    document.querySelectorAll("details").forEach(function (one) { one.open = true; });
  });
})();
