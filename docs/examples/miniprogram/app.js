const { openWallet } = require("./utils/wallet.js");

App({
  onLaunch() {
    // One wallet for every page; a page awaits it.
    this.wallet = openWallet();
  },
});
