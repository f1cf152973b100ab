from server import App, Checkout


def test_rep(app: App, checkout: Checkout) -> None:
    checkout.push(app)
    app.server.podshift("stop", app.name)
    for n in range(25):
        checkout.version(f"v{n}", "crash")
        pushed = checkout.push(app)
        left = app.containers()
        if left:
            print(pushed.text[-1500:])
            print(left)
            print(app.server.engine("ps", "-a", "--filter", f"label=podshift.app={app.name}"))
            raise AssertionError()
