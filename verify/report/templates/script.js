"use strict";
(() => {
  // A box that scrolls is a stop of the keyboard and says what it is; no other box is a stop.
  const boxes = document.querySelectorAll(".formula, .scroll, .source, .command");
  const settle = () => boxes.forEach((box) => {
    const scrolls = box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight;
    if (!scrolls) { box.removeAttribute("tabindex"); return; }
    box.tabIndex = 0;
    if (!box.hasAttribute("role")) { box.setAttribute("role", "group"); box.setAttribute("aria-label", "Formula"); }
  });
  settle();
  addEventListener("resize", settle);
  document.addEventListener("toggle", settle, true);
  // On paper nothing is folded, also where the style sheet cannot unfold it.
  addEventListener("beforeprint", () => document.querySelectorAll(".long").forEach((long) => { long.open = true; }));

  const table = document.getElementById("verdicts");
  const form = document.getElementById("filter");
  if (!table || !form) return;
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const fields = ["words", "status", "theorem", "tier"].map((id) => document.getElementById(id));
  const [words, status, theorem, tier] = fields;
  // Without accents and signs of indices: Ito finds Itô, and λ_i what is set as λᵢ.
  const plain = (text) => text.toLowerCase().normalize("NFKD").replace(/[\u0300-\u036f_^{}]/g, "");
  const texts = new Map(rows.map((row) => [row, plain(row.textContent)]));

  const show = () => {
    const wanted = plain(words.value).split(/\s+/).filter(Boolean);
    let count = 0;
    for (const row of rows) {
      const { status: said, theorem: group, tiers } = row.dataset;
      const fits = (!status.value || said === status.value)
        && (!theorem.value || group === theorem.value)
        && (!tier.value || tiers.split(" ").includes(tier.value))
        && wanted.every((word) => texts.get(row).includes(word));
      row.hidden = !fits;
      if (fits) count += 1;
    }
    document.getElementById("shown").textContent = count === rows.length
      ? `${count} claims` : `${count} of ${rows.length} claims`;
    settle();
  };
  const keep = () => {
    const found = new URLSearchParams();
    fields.forEach((field) => { if (field.value) found.set(field.id, field.value); });
    // A page from a file may be refused a history; the filter works without.
    try { history.replaceState(null, "", `#${found}`); } catch { /* nothing is lost */ }
  };
  const recall = () => {
    const given = new URLSearchParams(location.hash.slice(1));
    if (!fields.some((field) => given.get(field.id))) return;
    fields.forEach((field) => {
      field.value = given.get(field.id) ?? "";
      if (field.selectedIndex === -1) field.value = "";
    });
  };
  form.addEventListener("input", () => { show(); keep(); });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => { setTimeout(() => { show(); keep(); }); });
  document.querySelectorAll("a[data-theorem]").forEach((link) => link.addEventListener("click", () => {
    fields.forEach((field) => { field.value = ""; });
    theorem.value = link.dataset.theorem;
    show();
  }));

  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    const value = (row) => {
      if (head.dataset.kind === "order") return Number(row.dataset.order);
      const text = row.cells[column].textContent.trim();
      return head.dataset.kind === "number" ? Number(text) : text;
    };
    const compare = (a, b) => (typeof a === "number" ? a - b : a.localeCompare(b, "en", { numeric: true }));
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const keys = new Map(rows.map((row) => [row, [value(row), Number(row.dataset.order)]]));
      rows.sort((a, b) => {
        const [x, y] = [keys.get(a), keys.get(b)];
        return (up ? 1 : -1) * compare(x[0], y[0]) || x[1] - y[1];
      });
      body.append(...rows);
    });
  });
  heads[0].setAttribute("aria-sort", "ascending");
  form.hidden = false;
  recall();
  show();
})();
