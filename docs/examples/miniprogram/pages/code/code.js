const { sentence } = require("../../utils/wallet.js");

Page({
  data: { picture: "", left: 0, problem: "" },

  onLoad() {
    this.getOpenerEventChannel().once("decided", ({ licence, purpose, decision }) => this.begin(licence, purpose, decision));
    wx.setKeepScreenOn({ keepScreenOn: true });
  },

  async begin(licence, purpose, decision) {
    try {
      const wallet = await getApp().wallet;
      this.showing = wallet.show(licence, { audience: purpose, consent: decision });
      await this.draw();
      this.timer = setInterval(() => this.draw(), 1000);
    } catch (error) {
      this.fail(error);
    }
  },

  /** Every second: the code that is due, and how long it stays. The SDK draws a new one only when the last is over. */
  async draw() {
    if (this.isDrawing || !this.showing) return;
    this.isDrawing = true;
    try {
      const { svg, nextAt } = await this.showing.frame();
      const left = Math.max(0, nextAt - Math.floor(Date.now() / 1000));
      if (this.showing) this.setData({ picture: `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`, left });
    } catch (error) {
      this.fail(error);
    }
    this.isDrawing = false;
  },

  fail(error) {
    this.stop();
    this.setData({ picture: "", problem: sentence(error) });
  },

  close() {
    this.stop();
    wx.navigateBack();
  },

  // A code that nobody looks at is nobody's: it ends with its page, and when the app goes to the background.
  onHide() {
    this.stop();
    this.setData({ picture: "" });
  },

  onUnload() {
    this.stop();
  },

  stop() {
    clearInterval(this.timer);
    if (this.showing) this.showing.close();
    this.showing = null;
    wx.setKeepScreenOn({ keepScreenOn: false });
  },
});
