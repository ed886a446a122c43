// Moments in words. Everything that ticks on a page reads the one clock below.
(() => {
  const SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR;
  const whole = (ms, unit) => Math.floor(ms / unit);
  const two = (number) => String(number).padStart(2, "0");

  const until = (ms) => {
    if (ms <= 0) return "due now";
    if (ms < MINUTE) return `in ${Math.ceil(ms / SECOND)}s`;
    if (ms < HOUR) return `in ${whole(ms, MINUTE)}m ${two(whole(ms % MINUTE, SECOND))}s`;
    if (ms < DAY) return `in ${whole(ms, HOUR)}h ${two(whole(ms % HOUR, MINUTE))}m`;
    return `in ${whole(ms, DAY)}d ${whole(ms % DAY, HOUR)}h`;
  };
  const since = (ms) => {
    if (ms < 5 * SECOND) return "just now";
    if (ms < MINUTE) return `${whole(ms, SECOND)}s ago`;
    if (ms < HOUR) return `${whole(ms, MINUTE)}m ago`;
    if (ms < DAY) return `${whole(ms, HOUR)}h ago`;
    return `${whole(ms, DAY)}d ago`;
  };

  const SHAPES = {
    dated: { weekday: "short", day: "numeric", month: "short", year: "numeric", hour: "2-digit",
             minute: "2-digit", second: "2-digit" },
    short: { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" },
    far: { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" },
    day: { day: "numeric", month: "short", year: "numeric" },
    second: { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit" },
    full: { weekday: "short", day: "numeric", month: "short", year: "numeric", hour: "2-digit",
            minute: "2-digit", second: "2-digit", timeZoneName: "short" },
  };
  const formats = new Map();
  // A zone the browser does not know yet (older than our database) falls back to UTC.
  const formatOf = (shape, zone) => {
    const key = `${shape} ${zone}`;
    if (!formats.has(key)) {
      const options = { ...SHAPES[shape], hourCycle: "h23" };
      let format;
      try { format = new Intl.DateTimeFormat("en-GB", { ...options, timeZone: zone }); }
      catch { format = new Intl.DateTimeFormat("en-GB", { ...options, timeZone: "UTC" }); }
      formats.set(key, format);
    }
    return formats.get(key);
  };
  const viewerZone = () => document.documentElement.dataset.cxZone || undefined;
  // A day of another year than this says which.
  const isFar = (ms) => Math.abs(ms - Date.now()) > 300 * DAY;
  const at = (ms, shape = "short", zone = undefined) =>
    formatOf(shape === "short" && isFar(ms) ? "far" : shape, zone || viewerZone()).format(new Date(ms));

  window.cxInstallClock = (app) => {
    const now = Vue.ref(Date.now());
    // The server's clock decides what is due; a browser may be minutes off.
    const skew = () => Number(document.documentElement.dataset.cxSkew || 0);
    const tick = () => { if (!document.hidden) now.value = Date.now() + skew(); };
    setInterval(tick, SECOND);
    document.addEventListener("visibilitychange", tick);
    tick();
    const words = (render) => ({
      props: ["ts", "shape", "zone", "none"],
      setup: (p) => () => {
        if (p.ts == null) return Vue.h("span", { class: "cx-time" }, p.none ?? "—");
        return Vue.h("time", {
          class: "cx-time", datetime: new Date(p.ts).toISOString(), title: at(p.ts, "full", p.zone),
        }, render(p, now.value));
      },
    });
    app.component("cx-until", words((p, current) => until(p.ts - current)));
    app.component("cx-ago", words((p, current) => since(current - p.ts)));
    app.component("cx-at", words((p) => at(p.ts, p.shape || "short", p.zone)));
  };
})();
