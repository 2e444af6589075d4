import marimo

__generated_with = "0.23.0"
app = marimo.App()


if __name__ == "__main__":
    app.run()
