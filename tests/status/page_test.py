"""The status page in a browser: what it shows, that it moves, in light and dark, on a phone, by keyboard. With
LEVADA_PICTURES=FOLDER it leaves screenshots there."""

import os
import pathlib
import unittest

import browser
from status_test_bench import StatusTest

LOOPBACK = 'status_listen = "127.0.0.1:0"'
TOKEN = "a long token for tests"
PICTURES = os.environ.get("LEVADA_PICTURES")
ENTER, ESCAPE, RIGHT = "\ue007", "\ue00c", "\ue014"

# Two sources, chains on both sides of two channels, a group, a backlog that shrinks, rows that are rejected.
SYSTEM = """
[agent]
data_dir = "{folder}/data"
{agent}
[sources.shop]
type = "generate"
record = "click_log"
rate = 12000
rows = 0
broken = 0.05
interceptors = ["clean", "parse"]
channels = ["main", "archive"]
[sources.uploads]
type = "spool"
path = "{folder}/spool"
settle = "0s"
interceptors = ["clean", "parse"]
channels = ["main"]
[interceptors.clean]
type = "clean_json"
[interceptors.parse]
type = "parse_json"
[interceptors.parse.columns]
type = "text"
ip = "text"
[interceptors.clicks]
type = "filter"
where = "type == 'click'"
[channels.main]
type = "memory"
capacity_bytes = "8MiB"
[channels.archive]
type = "file"
[sinks.clicks]
type = "file"
channel = "main"
interceptors = ["clicks"]
path = "{folder}/clicks"
[sinks.all]
type = "null"
channel = "archive"
[sinks.first]
type = "null"
[sinks.second]
type = "null"
[sink_groups.either]
type = "failover"
sinks = ["first", "second"]
channel = "main"
{tables}
"""

NODES = "return [...document.querySelectorAll('.node')].map((each) => each.getAttribute('aria-label'))"


@unittest.skipUnless(browser.is_there(), "SKIP_no Chromium: tools/setup browser")
class Page(StatusTest):
    def start(self, agent=LOOPBACK, files=0, broken=0.05):
        """`files`: in the spool folder, large enough to be seen being read."""
        spool = self.folder / "spool"
        spool.mkdir(exist_ok=True)
        line = '{"type":"view","ip":"10.0.0.1","event_time":1780272000,"url":"https://shop.example.org/c/1"}\n'
        if files:
            (self.folder / "events").write_text(line * 200_000)
        for number in range(1, files + 1):
            (spool / f"events-{number:03}.ndjson").hardlink_to(self.folder / "events")
        self.port = super().start(agent, configuration=SYSTEM.replace("broken = 0.05", f"broken = {broken}"))
        return self.port

    def show(self, width=1280, height=900, dark=False, view="overview"):
        window = browser.Browser(width, height, dark)
        self.addCleanup(window.close)
        window.open(f"http://127.0.0.1:{self.port}/#{view}")
        return window

    def picture(self, window, name):
        if PICTURES:
            pathlib.Path(PICTURES).mkdir(exist_ok=True)
            window.screenshot(f"{PICTURES}/{name}.png")

    def check_log(self, window):
        """No script failed, nothing was blocked by the page's policy."""
        self.assertEqual([line for line in window.log() if line["level"] == "SEVERE"], [])

    def test_the_topology_is_drawn_and_its_rates_move(self):
        self.start(files=20)
        window = self.show()
        window.wait("return document.querySelectorAll('.node').length === 14", "the topology is not drawn")
        labels = window.run(NODES)
        for wanted in ("sources.shop, generate", "channels.archive, file", "sink_groups.either, failover"):
            self.assertIn(wanted, labels)
        self.assertEqual(labels.count("interceptors.clean, clean_json"), 2, "one for each chain")
        window.wait("return document.querySelectorAll('.edge.flows').length > 5", "nothing flows")
        window.wait("return /[1-9]/.test(document.querySelector('.node.source .rate').textContent)", "no rate")
        before = window.run("return document.querySelector('#components tbody tr td:nth-child(4)').textContent")
        window.wait("return document.querySelector('#components tbody tr td:nth-child(4)').textContent !== "
                    f"{before!r}", "the table stands still")
        window.wait("return document.querySelectorAll('.file').length > 2", "no file of the spool folder is shown")
        window.wait("return document.querySelectorAll('.sparkline path').length > 10", "no sparkline is drawn")
        self.picture(window, "overview-light")
        self.check_log(window)

    def test_a_component_that_is_chosen_has_plots_that_move(self):
        self.start()
        window = self.show()
        window.wait("return document.querySelectorAll('.node').length === 14", "the topology is not drawn")
        window.click(".node.source")
        window.wait("return document.querySelectorAll('#detail .chart').length === 4", "there are no plots")
        path = "return document.querySelector('#detail .chart .line')?.getAttribute('d') ?? ''"
        window.wait(f"{path.replace('return ', 'return (')}).length > 60", "there is no line")
        before = window.run(path)
        window.wait(f"{path.replace('return ', 'return (')}) !== {before!r}", "the plot stands still")
        self.picture(window, "detail-light")
        window.run("document.activeElement.blur()")
        window.press(ESCAPE)
        window.wait("return document.getElementById('detail').hidden", "Escape does not close it")
        self.check_log(window)

    def test_dead_letters_are_shown_as_text(self):
        self.start()
        window = self.show(view="letters")
        window.wait("return document.querySelectorAll('.letter').length > 5", "there are no dead letters")
        self.assertIn("interceptors.clean", window.run("return document.querySelector('#letters table').innerText"))
        window.click(".letter summary")
        window.wait("return document.querySelector('.letter[open] .fields dd') !== null", "no row is shown")
        # It stays open while the page goes on.
        self.assertIn("body", window.run("return document.querySelector('.letter[open] .fields').innerText"))
        self.picture(window, "letters-light")
        self.check_log(window)

    def wait_for_turns(self, window, turns=3):
        """Until the page has shown anew what it shows, so many times."""
        window.run("window.turns = 0; new MutationObserver(() => window.turns += 1)"
                   ".observe(document.getElementById('version'), {childList: true})")
        window.wait(f"return window.turns > {turns}", "the page stands still")

    def test_what_somebody_reads_or_presses_stays_where_it_is(self):
        self.start()
        window = self.show(view="letters")
        window.wait("return document.querySelectorAll('.letter').length > 5", "there are no dead letters")
        window.run("document.querySelector('.letter summary').focus()")
        reasons = window.run("return document.querySelector('#letters .panel-head').innerText")
        self.wait_for_turns(window)
        self.assertTrue(window.run("return document.activeElement.matches('.letter summary')"), "the focus is lost")
        self.assertNotEqual(window.run("return document.querySelector('#letters .panel-head').innerText"), reasons)
        window.run("document.activeElement.blur()")
        window.press("3")
        window.wait("return document.querySelector('#configuration pre') !== null", "it is empty")
        window.run("getSelection().selectAllChildren(document.querySelector('#configuration pre'))")
        self.wait_for_turns(window)
        self.assertIn("data_dir", window.run("return getSelection().toString()"), "the selection is lost")
        window.press("1")
        window.wait("return document.querySelectorAll('#components .row').length > 5", "there is no table")
        window.hold("#components .row .type")
        self.wait_for_turns(window)
        window.let_go()
        window.wait("return !document.getElementById('detail').hidden", "the click is lost")
        self.check_log(window)

    def test_rows_that_look_like_html_are_not(self):
        self.start(broken=0)
        poison = self.folder / "spool/poison.ndjson"
        poison.write_text('<img src=x onerror="document.title=\'taken\'"><script>document.title="taken"</script>\n')
        window = self.show(view="letters")
        window.wait("return [...document.querySelectorAll('#letters dd')]"
                    ".some((each) => each.textContent.includes('<script>'))", "the row is not shown")
        self.assertEqual(window.run("return document.title"), "levada")
        self.assertEqual(window.run("return document.querySelectorAll('#letters img, #letters script').length"), 0)

    def test_configuration_and_plugins_are_shown(self):
        self.start()
        window = self.show(dark=True, view="configuration")
        window.wait("return document.querySelector('#configuration').innerText.includes('data_dir')", "it is empty")
        self.picture(window, "configuration-dark")
        window.press("4")
        window.wait("return document.querySelector('#plugins').innerText.includes('clean_json')", "no plugins")
        self.picture(window, "plugins-dark")
        self.check_log(window)

    def test_it_is_light_or_dark_as_the_system_or_the_user_wants(self):
        self.start()
        background = "return getComputedStyle(document.body).backgroundColor"
        window = self.show(dark=True)
        window.wait("return document.querySelectorAll('.node').length === 14", "the topology is not drawn")
        dark = window.run(background)
        window.wait("return document.querySelectorAll('.edge.flows').length > 5", "nothing flows")
        self.picture(window, "overview-dark")
        window.press("t")
        self.assertNotEqual(window.run(background), dark)
        window.open(f"http://127.0.0.1:{self.port}/")
        self.assertNotEqual(window.run(background), dark, "it is kept")
        window.click("#theme")
        self.assertEqual(window.run(background), dark)

    def test_it_fits_on_a_phone(self):
        self.start()
        window = self.show(width=375, height=800)
        window.wait("return document.querySelectorAll('.node').length === 14", "the topology is not drawn")
        window.wait("return document.querySelectorAll('.edge.flows').length > 5", "nothing flows")
        self.assertLessEqual(window.run("return document.documentElement.scrollWidth"), 375)
        self.picture(window, "overview-phone")
        window.run("document.querySelector('.node.source').dispatchEvent(new MouseEvent('click', {bubbles: true}))")
        window.wait("return document.querySelectorAll('#detail .chart .line').length > 0", "there are no plots")
        self.assertLessEqual(window.run("return document.documentElement.scrollWidth"), 375)
        window.run("document.getElementById('tab-letters').click()")
        window.wait("return document.querySelectorAll('.letter').length > 0", "there are no dead letters")
        self.assertLessEqual(window.run("return document.documentElement.scrollWidth"), 375)
        self.picture(window, "letters-phone")

    def test_the_keyboard_reaches_everything(self):
        self.start()
        window = self.show()
        window.wait("return document.querySelectorAll('.node').length === 14", "the topology is not drawn")
        window.run("document.querySelector('.node').focus()")
        window.press(ENTER)
        window.wait("return !document.getElementById('detail').hidden", "Enter does not choose a component")
        window.run("document.getElementById('tab-overview').focus()")
        window.press(RIGHT)
        window.wait("return !document.getElementById('letters').hidden", "the arrow does not lead to the next view")
        self.assertEqual(window.run("return document.activeElement.id"), "tab-letters")

    def test_it_asks_for_the_token(self):
        self.start(f'{LOOPBACK}\nstatus_token = "{TOKEN}"')
        window = self.show()
        window.wait("return document.getElementById('login').open", "it does not ask")
        window.run(f"document.getElementById('token').value = {TOKEN!r};"
                   "document.querySelector('#login-form button').click()")
        window.wait("return document.querySelectorAll('.node').length === 14", "the token does not help")

    def test_it_says_that_the_agent_is_gone(self):
        self.start()
        window = self.show()
        window.wait("return document.getElementById('health').textContent === 'healthy'", "it is not healthy")
        self.agent.kill()
        self.agent.wait()
        window.wait("return document.getElementById('banner').textContent.includes('does not answer')", "it is silent")


if __name__ == "__main__":
    unittest.main()
