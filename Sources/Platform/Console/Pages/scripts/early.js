// The only script that blocks: runs before the first paint, so that somebody who chose a theme
// never sees the other one flash by.
{
    let theme = null;
    try {
        theme = localStorage.getItem("berth.theme");
    } catch {
        // A browser may forbid storage; then the system's theme it is.
    }
    if (theme === "light" || theme === "dark") {
        document.documentElement.dataset.theme = theme;
    }
}
