print("save-server")
