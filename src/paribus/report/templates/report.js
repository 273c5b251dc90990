
(() => {
  const charts = new Charts(JSON.parse(document.getElementById("specs").textContent));
  charts.bind(document);
  charts.drawAll(document).then((count) => {
    document.documentElement.dataset.charts = String(count);
  });
})();
