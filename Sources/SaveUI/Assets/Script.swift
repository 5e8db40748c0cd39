/// What pages do beyond HTML where a browser runs scripts: buttons that copy, and tables that are filtered while one types. Each page
/// is complete without.
enum Script {
    static let text = """
        "use strict";
        const announcement = document.createElement("p");
        announcement.className = "skip";
        announcement.setAttribute("role", "status");
        document.body.append(announcement);

        async function copy(text) {
          if (navigator.clipboard) return navigator.clipboard.writeText(text);
          // Browsers give plain HTTP no clipboard.
          const area = document.createElement("textarea");
          area.value = text;
          document.body.append(area);
          area.select();
          document.execCommand("copy");
          area.remove();
        }

        for (const box of document.querySelectorAll(".copy")) {
          const text = box.querySelector("pre").textContent;
          const button = document.createElement("button");
          button.type = "button";
          button.textContent = "Copy";
          button.setAttribute("aria-label", "Copy: " + text.slice(0, 80));
          button.addEventListener("click", async () => {
            try {
              await copy(text);
              button.textContent = "Copied";
              announcement.textContent = "Copied";
            } catch {
              getSelection().selectAllChildren(box.querySelector("pre"));
              button.textContent = "Selected";
            }
            setTimeout(() => { button.textContent = "Copy"; announcement.textContent = ""; }, 2000);
          });
          box.append(button);
        }

        for (const input of document.querySelectorAll("input[data-filters]")) {
          const table = document.getElementById(input.dataset.filters);
          if (!table) continue;
          const rows = [...table.querySelectorAll("tbody tr")];
          input.addEventListener("input", () => {
            const wanted = input.value.trim().toLowerCase();
            for (const row of rows) row.hidden = !row.cells[0].textContent.toLowerCase().includes(wanted);
          });
        }

        // What was sent once is not sent twice.
        for (const form of document.querySelectorAll("form[method=post]")) {
          form.addEventListener("submit", (event) => {
            if (form.dataset.sent) event.preventDefault();
            form.dataset.sent = "yes";
          });
          addEventListener("pageshow", () => delete form.dataset.sent);
        }

        """
}
