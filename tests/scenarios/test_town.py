"""The demonstration: the tour as a test, and the page with its three programs in a real browser."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

CHROMIUM = Path("/usr/bin/chromium")
CHROMIUM_ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


def test_the_tour_ends_well_and_in_time() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "demo.tour"], capture_output=True, text=True, encoding="utf-8", timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Every verdict was the expected one." in done.stdout
    for code in (
        "E_REPLAY",
        "E_KBT_STALE",
        "E_AUD",
        "E_SIG_ISSUER",
        "E_SIG_HOLDER",
        "E_PREFIX",
        "E_SUSPENDED",
        "E_REVOKED",
        "E_CHALLENGE_REQUIRED",
        "E_SEAL_OPEN",
        "E_MANDATE_REVOKED",
        "E_DEVICE_LOST",
        "W_STATIC",
        "as the issuer signed it",
        "anchored",
        "There is glare: tilt the phone.",
        "Scanner is unplugged.",
        "The scan was incomplete.",
        "Camera shows the same picture again and again.",
        "out of paper",
    ):
        assert code in done.stdout
    assert "Traceback" not in done.stderr


def test_the_tour_fails_loudly_at_an_unexpected_verdict() -> None:
    program = (
        "import sys; from demo import tour\n"
        "tour.Expected.check.__globals__['READ_SECONDS'] = 5.0\n"
        "play = tour.Tour.play\n"
        "def wrong(self): self._see(tour.Expected('accept'), lambda: self._trick('payment'))\n"
        "tour.Tour.play = wrong\n"
        "sys.exit(tour.main())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, encoding="utf-8", timeout=300, check=False
    )
    assert done.returncode == 1
    assert "FAILED: expected accept" in done.stdout


@pytest.fixture(scope="module")
def town_url() -> Iterator[str]:
    """The running town; ended as Ctrl+C would."""
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "demo", "--no-browser", "--port", "0"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8",
    )  # fmt: skip
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        found = re.search(r"http://127\.0\.0\.1:[0-9]+", line)
        if found:
            break
    else:
        pytest.fail(f"the town did not start: {said}")
    try:
        yield found.group()
    finally:
        process.send_signal(signal.SIGINT)
        try:
            rest = process.communicate(timeout=60)[0]
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise
        assert process.returncode == 0, said + rest
        assert "Traceback" not in rest


@pytest.mark.skipif(not CHROMIUM.exists(), reason="Debian's chromium is not installed (apt-get install chromium)")
def test_the_page_shows_a_verdict_revokes_and_goes_on_without_network(town_url: str, tmp_path: Path) -> None:
    from playwright.sync_api import expect, sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=CHROMIUM_ARGUMENTS)
        page = browser.new_page(viewport={"width": 1680, "height": 1100}, locale="zh-CN")
        problems: list[str] = []
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(town_url)
        phone, counter = page.frame_locator("#phone"), page.frame_locator("#counter")
        verdict = counter.locator("#word")
        phone.locator("#card").select_option(label="机动车驾驶证 Driving licence")
        phone.locator("#show").click()
        expect(verdict).to_contain_text("有效", timeout=20_000)
        # The small camera picture follows once a second.
        page.wait_for_timeout(1_500)
        page.screenshot(path=os.environ.get("LIANGZHENG_SCREENS", str(tmp_path)) + "/town.png")

        page.locator("#network").click()
        expect(page.locator("#network")).to_have_attribute("aria-pressed", "true")
        row = page.locator(".licence", has_text="Driving")
        row.get_by_role("button", name=re.compile("revoke")).click()
        expect(row).to_contain_text("已吊销", timeout=10_000)
        # Cut off, the counter cannot know; the rolling code is accepted, on data whose age it says.
        phone.locator("#away").click()
        phone.locator("#show").click()
        expect(verdict).to_contain_text("有效", timeout=20_000)

        page.locator("#network").click()
        expect(page.locator("#network")).to_have_attribute("aria-pressed", "false")
        for _ in range(6):
            phone.locator("#away").click()
            page.wait_for_timeout(2_000)
            phone.locator("#show").click()
            page.wait_for_timeout(2_000)
            if "不予采信" in (verdict.text_content() or ""):
                break
        expect(verdict).to_contain_text("不予采信", timeout=20_000)
        page.screenshot(path=str(tmp_path / "revoked.png"))
        assert problems == []
        browser.close()


@pytest.mark.skipif(not CHROMIUM.exists(), reason="Debian's chromium is not installed (apt-get install chromium)")
def test_the_kiosk_asks_and_the_phone_answers(town_url: str, tmp_path: Path) -> None:
    from playwright.sync_api import expect, sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=CHROMIUM_ARGUMENTS)
        page = browser.new_page(viewport={"width": 1680, "height": 1300}, locale="zh-CN")
        problems: list[str] = []
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(town_url)
        phone, kiosk = page.frame_locator("#phone"), page.frame_locator("#kiosk")
        page.locator("[data-place=kiosk]").focus()
        page.keyboard.press("Enter")
        kiosk.locator("#actions button").first.click(timeout=20_000)
        expect(kiosk.locator("#request-code")).to_be_visible(timeout=20_000)
        expect(kiosk.locator("#request-items")).to_contain_text("统一社会信用代码")
        page.locator("#point").focus()
        page.keyboard.press("Enter")
        # The sheet says who asks and what for; nothing is shown before the holder agrees.
        expect(phone.locator("#asker")).to_contain_text("乌有市政务服务中心", timeout=20_000)
        page.screenshot(path=os.environ.get("LIANGZHENG_SCREENS", str(tmp_path)) + "/kiosk.png")
        assert phone.locator("#showing").is_hidden()
        phone.locator("#agree").click()
        expect(kiosk.locator("#word")).to_contain_text("核验通过", timeout=20_000)
        page.wait_for_timeout(1_500)
        page.screenshot(path=os.environ.get("LIANGZHENG_SCREENS", str(tmp_path)) + "/kiosk-answered.png")
        assert problems == []
        browser.close()


@pytest.mark.skipif(not CHROMIUM.exists(), reason="Debian's chromium is not installed (apt-get install chromium)")
def test_devices_fail_at_a_button_and_the_page_says_what_happened(town_url: str, tmp_path: Path) -> None:
    from playwright.sync_api import expect, sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=CHROMIUM_ARGUMENTS)
        page = browser.new_page(viewport={"width": 1680, "height": 1300}, locale="zh-CN")
        page.goto(town_url)
        phone, counter, log = page.frame_locator("#phone"), page.frame_locator("#counter"), page.locator("#log")
        page.locator("[data-scanner=unplugged]").click()
        expect(counter.locator("body")).to_contain_text("扫码枪", timeout=20_000)
        expect(counter.locator("#word")).to_contain_text("有效", timeout=30_000)
        expect(log.locator("li").first).to_contain_text("字节时拔线", timeout=20_000)
        page.locator("#paper").click()
        expect(page.locator("#paper")).to_have_attribute("aria-pressed", "true")
        counter.locator("#print").click()
        expect(counter.locator("body")).to_contain_text("打印机缺纸", timeout=20_000)
        page.locator("#paper").click()
        expect(page.locator("#paper")).to_have_attribute("aria-pressed", "false")
        page.locator("[data-camera=glare]").click()
        expect(page.locator("[data-camera=glare]")).to_have_attribute("aria-pressed", "true")
        phone.locator("#card").select_option(index=0)
        phone.locator("#show").click()
        expect(counter.locator("body")).to_contain_text("屏幕反光", timeout=20_000)
        page.screenshot(path=os.environ.get("LIANGZHENG_SCREENS", str(tmp_path)) + "/devices.png")
        page.locator("[data-camera=glare]").click()
        expect(page.locator("[data-camera=glare]")).to_have_attribute("aria-pressed", "false")
        assert all("模拟" in text for text in log.locator("li").all_text_contents())
        browser.close()
