// Numbers as people read them, and elements whose content is always text.

export function number(value) {
  const units = ["", " k", " M", " G", " T"];
  let unit = 0;
  while (value >= 999.5 && unit + 1 < units.length) {
    value /= 1000;
    unit += 1;
  }
  const digits =
    unit === 0
      ? value > 0 && value < 9.95 && !Number.isInteger(value)
        ? 1
        : 0
      : value < 9.995
        ? 2
        : value < 99.95
          ? 1
          : 0;
  return value.toFixed(digits) + units[unit];
}

export function bytes(value) {
  const units = [" B", " KiB", " MiB", " GiB", " TiB"];
  let unit = 0;
  while (value >= 1023.5 && unit + 1 < units.length) {
    value /= 1024;
    unit += 1;
  }
  return value.toFixed(unit === 0 || value >= 99.95 ? 0 : 1) + units[unit];
}

export function whole(value) {
  return Math.round(value).toLocaleString("en-US");
}

export function duration(seconds) {
  const all = Math.ceil(seconds);
  const two = (first, one, second, other) => `${first} ${one}` + (second > 0 ? ` ${second} ${other}` : "");
  if (all < 60) return `${all} s`;
  if (all < 3600) return two(Math.floor(all / 60), "min", all % 60, "s");
  if (all < 86400) return two(Math.floor(all / 3600), "h", Math.floor((all % 3600) / 60), "min");
  return two(Math.floor(all / 86400), "d", Math.floor((all % 86400) / 3600), "h");
}

// Of a series by its unit.
export function amount(value, unit) {
  if (unit.startsWith("bytes")) return bytes(value) + (unit.endsWith("/s") ? "/s" : "");
  if (unit === "cores") return value.toFixed(2);
  return number(value) + (unit.endsWith("/s") ? "/s" : "");
}

export function drain(of) {
  if (of.seconds_left === 0) return "";
  if (of.seconds_left !== null && of.seconds_left !== undefined) return `about ${duration(of.seconds_left)} left`;
  return of.shrinks < 0 ? "grows" : "stands";
}

const kSvg = "http://www.w3.org/2000/svg";

function fill(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

export const element = (name, attributes = {}, ...children) => fill(document.createElement(name), attributes, children);
export const drawing = (name, attributes = {}, ...children) =>
  fill(document.createElementNS(kSvg, name), attributes, children);

export function meter(share) {
  const bar = element("i");
  bar.style.width = `${Math.min(100, Math.max(0, share * 100))}%`;
  return element("div", { class: share > 0.9 ? "meter full" : "meter" }, bar);
}
